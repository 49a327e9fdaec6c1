"""The fkw dialect: convolutions whose weights are packed as filter, kernel, weight (`dialect.py`), and the packing."""
