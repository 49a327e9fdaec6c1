"""Whole pieces of whole numbers."""


def pieces(n: int, size: int) -> int:
    """How many pieces of `size` it takes to cover `n`."""
    return -(-n // size)


def round_up(n: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is at least `n`."""
    return pieces(n, multiple) * multiple
