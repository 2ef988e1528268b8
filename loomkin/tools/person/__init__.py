"""Talking with the person."""
