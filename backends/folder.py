"""Writes an emitted folder: what `c_api` says as texts, the weights, and a description of it all."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from lrc.backends import c_api, lrw
from lrc.backends.emitted import EmittedModel
from lrc.backends.metadata import METADATA, read_metadata
from lrc.backends.replacing import NEW, claimed, put


def write_folder(
    folder: Path,
    model: EmittedModel,
    arrays: Mapping[str, NDArray[Any]],
    embed_weights: bool = False,
) -> dict[str, Any]:
    """Writes the folder, over an older one of lrc's if there is one, and returns what its metadata.json says.

    Args:
        folder: made with its parents if it does not exist. What others have put there stays as it is.
        arrays: what ``NAME.lrw`` holds, in the order whose `lrw.layout` gave the offsets in the graph.
        embed_weights: take the weights into the object files too.

    Raises:
        ForeignFileError: a file of the same name exists that no earlier call wrote; nothing is changed.
        OSError: the place cannot be written or the disk is full; nothing is changed.
    """
    with claimed(folder) as (place, work):
        new = work / NEW
        new.mkdir()
        _write_files(new, model, arrays, embed_weights)
        written = read_metadata(new)
        put(new, place)
    return written


def _write_files(place: Path, model: EmittedModel, arrays: Mapping[str, NDArray[Any]], embed: bool) -> None:
    layout = lrw.layout(arrays)
    texts = c_api.code_files(model, layout, embed)
    checksum = lrw.write(place / f"{model.c_name}.lrw", arrays, c_api.model_hash(model, layout))
    if embed:
        texts[f"{model.c_name}_weights.c"] = c_api.weights_unit(model, layout, checksum)
    sources = sorted(name for name in texts if name.endswith(".c") and name != "lrc_bench.c")
    texts["CMakeLists.txt"] = c_api.cmake_lists(model, sources, embed)
    description = {
        "lrc": c_api.lrc_version(),
        "model": model.name,
        "c_name": model.c_name,
        "target": str(model.machine),
        "inputs": [{"name": port.name, "shape": list(port.shape)} for port in model.inputs],
        "outputs": [{"name": port.name, "shape": list(port.shape)} for port in model.outputs],
        "arena_bytes": model.arena_bytes,
        "weights_bytes": layout.total_bytes,
        "weights_checksum": f"{checksum.sum:016x}{checksum.sum_of_sums:016x}",
        "embeds_weights": embed,
        "sources": sources,
        "layers": [vars(layer) for layer in model.layers],
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())},
        **model.facts,
    }
    texts[METADATA] = json.dumps(description, indent=1) + "\n"
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8", newline="\n")
