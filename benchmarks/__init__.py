"""What lrc costs, measured: `python -m benchmarks.growth`."""
