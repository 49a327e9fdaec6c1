"""Shells complete commands, files and the networks of the zoo."""

import os
import subprocess
import sys

import pytest

from lrc import zoo


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    script = subprocess.check_output([sys.executable, "-m", "lrc", "completion", shell], text=True)
    assert "_LRC_COMPLETE" in script


@pytest.mark.parametrize(
    ("words", "number", "completed"),
    [
        ("lrc check zoo:vgg", 2, ["plain,zoo:vgg16", "plain,zoo:vgg16-conv", "plain,zoo:vgg16-shared"]),
        ("lrc check zoo : vgg", 4, ["plain,vgg16", "plain,vgg16-conv", "plain,vgg16-shared"]),  # bash splits at colons
        ("lrc check zoo : resnet5", 4, ["plain,resnet50"]),
        ("lrc check zoo :", 3, [f"plain,{name}" for name in zoo.NETWORKS]),
        ("lrc zoo mob", 2, ["plain,mobilenet-v2"]),
        ("lrc verify net", 2, ["file,net"]),
    ],
)
def test_completion_knows_the_zoo(words: str, number: int, completed: list[str]) -> None:
    environment = os.environ | {"_LRC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    outcome = subprocess.run(
        [sys.executable, "-m", "lrc"], env=environment, capture_output=True, text=True, check=False
    )
    assert outcome.stdout.split() == completed
