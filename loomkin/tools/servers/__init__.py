"""What language servers know: problems, definitions, references, types, symbols, renames."""
