"""Drives a network through the passes, and says what they did."""
