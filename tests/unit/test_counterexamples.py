"""What Hypothesis shows of a module is text that makes it again."""

import warnings

from hypothesis import given, settings
from hypothesis.vendor.pretty import pretty
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc.testing import kernels, modules


def shown_again(module: ModuleOp) -> None:
    """A network as what a person would write, unless its arrays are in memory alone; else as its operations."""
    text = pretty(module)
    if text.startswith("lrc.parse("):
        with warnings.catch_warnings(action="ignore"):
            assert str(eval(text, {"lrc": lrc})) == str(module)
    else:
        assert text.startswith("model drawn {") or text == str(module)


@settings(max_examples=20)
@given(modules())
def test_networks(module: ModuleOp) -> None:
    shown_again(module)


@settings(max_examples=5)
@given(modules(layers=2, level="fkw"))
def test_networks_of_other_levels(module: ModuleOp) -> None:
    shown_again(module)


@settings(max_examples=5)
@given(kernels())
def test_kernels(module: ModuleOp) -> None:
    shown_again(module)
