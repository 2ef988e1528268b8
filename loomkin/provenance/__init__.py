"""From a line of a file back to the decision behind it, and from what happened to what is worth keeping."""
