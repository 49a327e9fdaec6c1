"""With what `lrc` and `lrc-opt` end; 0 is all well, and 2 is click's, for wrong usage."""

from typing import Final

INPUT_IS_WRONG: Final = 1
VERIFICATION_FAILED: Final = 3
BUG_IN_LRC: Final = 4

BY_SIGNAL: Final = 128
"""Plus the number of the signal that ended it."""
