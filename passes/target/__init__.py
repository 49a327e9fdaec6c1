"""Passes to one machine: its instructions, and the memory that the network runs in."""
