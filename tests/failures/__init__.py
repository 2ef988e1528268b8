"""Tests of what is learnt from failures."""
