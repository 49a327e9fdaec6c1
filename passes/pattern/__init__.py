"""Passes to patterns: which weights survive, and in which order filters are stored."""
