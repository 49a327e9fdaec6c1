"""Modules as files: read with places to point at, written with their arrays, never over what was read."""
