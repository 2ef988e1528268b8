"""The built-in tools, one a file: thin adapters from a model to one service call."""
