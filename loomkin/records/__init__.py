"""Frozen words that every package may speak: no I/O, no asyncio."""
