"""The pattern dialect: convolutions whose surviving weights are known (`dialect.py`), and what says which do."""
