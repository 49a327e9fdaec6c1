"""Passes over loops: loads as the machine likes them, each vector loaded once, and used up soon."""
