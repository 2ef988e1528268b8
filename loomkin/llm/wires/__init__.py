"""One file per wire; each has a `WIRE` constant that the registry finds."""
