"""The command line, one command a file; a command's module is imported when it is typed."""
