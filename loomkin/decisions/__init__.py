"""The decision graph: what was wanted, weighed, chosen and given up in a repository, and why."""
