"""The repository on disk: files, edits, search, commands, git, secrets."""
