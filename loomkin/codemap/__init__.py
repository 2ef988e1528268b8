"""What the source says about itself: the definitions of a file and where they stand."""
