"""Ways of working together, one a file; each is adopted by every team."""
