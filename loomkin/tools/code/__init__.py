"""Knowing the code: the map, outlines, definitions and references."""
