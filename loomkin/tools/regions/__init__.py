"""Tools for parts of files: who may change which."""
