"""The pattern dialect: convolutions whose surviving weights are known."""
