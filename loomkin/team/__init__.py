"""Many agents: who they are, how they talk, what they work on together."""
