"""Passes on the command line, as `lrc-opt -p` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xdsl.passes import ModulePass


def read_passes(specification: str) -> tuple[ModulePass, ...]:
    """The passes that a text spells out, those of a plug-in of xDSL too. Raises UserError if there is no such pass, or
    it takes other options."""
    from xdsl.utils.exceptions import ArgSpecParseError

    from lrc.compilation import pipelines
    from lrc.diagnostics import UserError

    try:
        return pipelines.parse(specification).passes
    except (ValueError, ArgSpecParseError) as error:
        hint = "`lrc-opt --help` lists the passes"
        raise UserError.because(f"--passes '{specification}': {error}", hint=hint) from None
