"""What failed in this repository before, how it was recognised, and what mended it."""
