"""Fakes that speak the real protocols on real sockets."""
