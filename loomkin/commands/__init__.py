"""Slash commands, one a file; each is a thin door to a service."""
