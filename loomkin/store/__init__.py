"""The one SQLite file in .loomkin/: the only SQL in the house."""
