"""Broken inputs out of whole ones: bytes, words, and pieces of other inputs, in the wrong place."""

import re
from collections.abc import Sequence
from random import Random

WORD = re.compile(rb'[A-Za-z_][A-Za-z_0-9.]*|[0-9]+(?:\.[0-9]+)?|"[^"\n]*"|\s+|.', re.DOTALL)

STRANGE = (
    *(b"-1", b"0", b"1", b"255", b"65536", b"2147483648", b"4294967296", b"18446744073709551616", b"9" * 40),
    *(b"1e999", b"1e-999", b"nan", b"inf", b"-0.0", b"0x1p3", b"1/0", b"1e", b"true", b"null"),
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r", b"\t", b"\\", b'"', b"'", b"#", b"//", b"/*", b"%", b"@", b"^"),
    *("é".encode(), "\u202e".encode(), "\U0001f600".encode(), b"\xed\xa0\x80", b"\xc0\x80"),
    *(b"(" * 30, b"[" * 30, b"{" * 30, b"-" * 30, b"<" * 30, b"(" * 2000, b"[" * 2000, b"{" * 2000, b"a" * 300),
    *(b"[]", b"{}", b"()", b"<>", b":", b",", b"=", b"->"),
)
"""What readers stumble over: numbers beyond their types, encodings, brackets, empty things."""

MOST = 6000
"""Bytes of an input: more only takes longer."""


def words(text: bytes) -> list[bytes]:
    """A text as words, numbers, strings, blanks and signs."""
    return WORD.findall(text)


class Mutator:
    """Makes broken inputs of a corpus; `is_text` says whether words mean anything in it."""

    def __init__(self, corpus: Sequence[bytes], random: Random, is_text: bool) -> None:
        self.corpus, self.random, self.is_text = list(corpus), random, is_text
        self.known = sorted({word for text in corpus if is_text for word in words(text)})

    def draw(self) -> bytes:
        """A broken input: one of the corpus, changed once or a few times."""
        data = self.random.choice(self.corpus)
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 5))):
            changes = (self._words, self._words, self._words, self._bytes) if self.is_text else (self._bytes,)
            data = self.random.choice(changes)(data)
        return data[:MOST]

    def _words(self, data: bytes) -> bytes:
        parts, pick = words(data[:MOST]), self.random
        if not parts:
            return pick.choice(self.corpus)
        i, j = pick.randrange(len(parts)), pick.randrange(len(parts))
        length = pick.choice((1, 1, 2, 3, 5, 10, 40))
        match pick.randrange(9):
            case 0 | 1:
                parts[i] = pick.choice(self.known)
            case 2:
                parts[i] = pick.choice(STRANGE)
            case 3:
                del parts[i : i + length]
            case 4:
                parts[i], parts[j] = parts[j], parts[i]
            case 5:
                parts[i:i] = parts[j : j + length]
            case 6:
                other = words(pick.choice(self.corpus))
                parts[i:] = other[pick.randrange(len(other) + 1) :]
            case 7:
                other = words(pick.choice(self.corpus))
                start = pick.randrange(len(other) + 1)
                parts[i : i + length] = other[start : start + length]
            case _:
                parts = parts[:i]
        return b"".join(parts)

    def _bytes(self, data: bytes) -> bytes:
        changed, pick = bytearray(data), self.random
        if not changed:
            return pick.choice(STRANGE)
        # headers, where most is decided, stand in front, and those of archives at the end
        size = len(changed)
        i = pick.choice(
            (pick.randrange(size), pick.randrange(min(size, 400)), size - 1 - pick.randrange(min(size, 300)))
        )
        length = pick.choice((1, 1, 2, 4, 8, 50))
        match pick.randrange(8):
            case 0 | 1:
                changed[i] ^= 1 << pick.randrange(8)
            case 2:
                changed[i : i + length] = pick.randbytes(length)
            case 3:
                del changed[i : i + length]
            case 4:
                changed[i:i] = pick.choice(STRANGE)
            case 5:
                j = pick.randrange(size)
                changed[i : i + length] = changed[j : j + length]
            case 6:
                changed[i : i + length] = bytes([pick.choice((0, 1, 0x7F, 0x80, 0xFF))]) * length
            case _:
                del changed[i:]
        return bytes(changed)
