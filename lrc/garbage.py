"""Python's collector of garbage, held back where there is next to none."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def collecting_nothing() -> Generator[None]:
    """While a module is read, grows or is printed, next to nothing is garbage, and Python would look through all of it
    time and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
