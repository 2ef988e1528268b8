"""Asyncio machinery that knows no agents."""
