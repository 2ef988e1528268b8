"""Full-fidelity overflow memory: what left a window, word for word, and what is known of it."""
