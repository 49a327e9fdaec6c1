"""metadata.json: what an emitted folder says of itself, and which of its files are lrc's."""

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from lrc.dialects.values.machines import machine_named

METADATA = "metadata.json"
LARGEST = 1 << 26
"""Bytes; that of a network of ten thousand layers has two million."""


def read_metadata(folder: Path) -> dict[str, Any]:
    """What metadata.json says. OSError: there is none; ValueError: it is not as lrc writes it."""
    content = _read(folder)
    lists = {"sources": str, "inputs": dict, "outputs": dict, "layers": dict}
    if not (
        all(isinstance(content.get(name), list) for name in lists)
        and all(isinstance(each, kind) for name, kind in lists.items() for each in content[name])
        and all(_is_port(port) for side in ("inputs", "outputs") for port in content[side])
        and _is_machine(content.get("target"))
    ):
        raise ValueError(f"{folder / METADATA} is not as lrc writes it")
    return content


def listed(folder: Path) -> set[str]:
    """The names of all files that lrc has written, or may build, in a folder: none if it is not lrc's."""
    try:
        metadata = _read(folder)
    except (OSError, ValueError):
        return set()
    name = metadata["c_name"]
    return {METADATA, f"{name}.lrw", f"{name}_bench", f"lib{name}.so", *metadata["files"]}


def files_of_lrc(folder: Path) -> set[str]:
    """The files in a folder that lrc wrote or built there."""
    names = listed(folder)
    if not names:
        return names
    return names.intersection(entry.name for entry in os.scandir(folder) if not entry.is_dir(follow_symlinks=False))


def _read(folder: Path) -> dict[str, Any]:
    """What tells that a folder is lrc's, of whichever version."""
    path = folder / METADATA
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} is too large")
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        content = None
    if not isinstance(content, dict) or "lrc" not in content:
        raise ValueError(f"{path} was not written by lrc")
    content = cast(dict[str, Any], content)
    name, files = content.get("c_name"), content.get("files")
    if not isinstance(name, str) or not name.isidentifier() or not isinstance(files, dict):
        raise ValueError(f"{path} was not written by lrc")
    return content


def _is_machine(name: Any) -> bool:
    try:
        return isinstance(name, str) and bool(machine_named(name))
    except ValueError:
        return False


def _is_port(port: Mapping[str, Any]) -> bool:
    shape: Any = port.get("shape")
    return (
        isinstance(port.get("name"), str)
        and isinstance(shape, list)
        and all(type(size) is int and size > 0 for size in cast(list[Any], shape))
    )
