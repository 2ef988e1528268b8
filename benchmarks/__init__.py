"""Speed, memory and size of loomkin, as ratios to the interpreter's own start and as distributions."""
