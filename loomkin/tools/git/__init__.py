"""Looking at and recording history."""
