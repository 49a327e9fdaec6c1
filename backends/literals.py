"""What is the user's in C: texts as string literals and in comments, as no compiler takes them for anything else."""

import re


def string_literal(text: str) -> str:
    """A C string literal of the text in UTF-8, in plain ASCII; without question marks, which could make trigraphs."""
    return f'"{"".join(map(_escaped, text.encode("utf-8", "backslashreplace")))}"'


def in_comment(text: str) -> str:
    """The text within a C comment, which goes on behind it: printable ASCII, and neither begins nor ends a comment."""
    shown = text.encode("unicode_escape").decode("ascii")
    return re.sub(r"(?<=\*)(?=/)|(?<=/)(?=\*)|(?<=\?)(?=\?)", " ", shown)


def _escaped(byte: int) -> str:
    character = chr(byte)
    return character if " " <= character <= "~" and character not in '"\\?' else f"\\{byte:03o}"
