"""Settings: one catalogue, read in layers, each value with where it came from."""
