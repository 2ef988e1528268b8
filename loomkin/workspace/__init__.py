"""A person's sessions in a repository."""
