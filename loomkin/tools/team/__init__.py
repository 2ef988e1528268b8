"""Tools of a team: who is in it, and what they say to each other."""
