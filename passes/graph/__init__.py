"""Passes over the graph of layers: what it is for, and fewer layers."""
