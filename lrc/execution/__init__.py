"""Emitted code runs: machines, C compilers, programs, and libraries in this process."""
