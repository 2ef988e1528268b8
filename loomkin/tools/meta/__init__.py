"""Finding further tools."""
