"""One agent: its window, its turn, how it is steered."""
