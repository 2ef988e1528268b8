"""Tools for what an agent remembers."""
