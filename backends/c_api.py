"""The C API of an emitted folder: fills the texts in ``runtime/`` from plain values."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from lrc.backends.emitted import EmittedModel, LayerRow, Port
from lrc.backends.literals import in_comment, string_literal
from lrc.backends.lrw import Checksum, WeightsLayout
from lrc.dialects.values.elements import element_named

RUNTIME = files("lrc.backends.runtime")

INCLUDES = """\
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
"""
"""What the code of kernels needs of C."""

OF_HEADERS = """\
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunused-function" /* which it does not say of functions of headers */
#endif
"""
"""What stands in front of headers that are a part of a file."""


def lrc_version() -> str:
    """The version of lrc that writes the folder; "unknown" when lrc runs without being installed."""
    try:
        return version("lrc")
    except PackageNotFoundError:
        return "unknown"


def model_hash(model: EmittedModel, layout: WeightsLayout) -> int:
    """64 bits that tell this code, the places of its weights and its integers from any other."""
    parts = [model.name, str(model.machine), model.declarations, model.graph, *(unit.text for unit in model.kernels)]
    places = [dict(layout.offsets), layout.total_bytes, layout.integer_hash.hex()]
    text = json.dumps([*parts, model.arena_bytes, *places])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def fill(file_name: str, c_name: str, blanks: Mapping[str, object]) -> str:
    """The text of a file in ``runtime/`` with its blanks filled. KeyError: a blank that nobody fills."""
    text = RUNTIME.joinpath(file_name).read_text(encoding="utf-8")
    text = re.sub(r"(?<![A-Za-z0-9])NAME(?![A-Za-z0-9])", c_name, text)
    return re.sub(r"@(\w+)@", lambda blank: str(blanks[blank[1]]), text)


def code_files(model: EmittedModel, layout: WeightsLayout, embed_weights: bool) -> dict[str, str]:
    """Texts of the header, the API with the graph, the kernels and the fixed files, by file name."""
    name = model.c_name
    blanks = _blanks(model, layout, embed_weights)
    texts = {f"{name}.h": fill("model.h", name, blanks), f"{name}.c": fill("model.c", name, blanks)}
    texts[f"{name}_kernels.h"] = _kernels_header(model)
    texts |= {unit.file_name: unit.text for unit in model.kernels}
    for fixed in ("lrc_runtime.h", "lrc_runtime.c", "lrc_bench.c"):
        texts[fixed] = fill(fixed, name, blanks)
    return texts


def one_file(model: EmittedModel, layout: WeightsLayout) -> str:
    """The same but for the program, as one text that compiles by itself: kernels, what launches them, the runtime."""
    texts = code_files(model, layout, embed_weights=False)
    runtime = texts["lrc_runtime.c"]
    features = re.search(r"^#if defined\(__linux__\).*?^#endif\n", runtime, re.MULTILINE | re.DOTALL)
    assert features is not None
    included: set[str] = set()

    def whole(text: str) -> str:
        """A text with those that it includes in their places, unless they stand further up."""
        return re.sub(r'^#include "(.*)"\n', include, text, flags=re.MULTILINE)

    def include(line: re.Match[str]) -> str:
        if line[1] in included:
            return ""
        included.add(line[1])
        return whole(texts[line[1]])

    sources = [*(unit.text for unit in model.kernels), texts[f"{model.c_name}.c"], runtime.replace(features[0], "")]
    title = f"/* {in_comment(model.name)} in one file; its weights are in {model.c_name}.lrw. */"
    return "\n".join([title, features[0], OF_HEADERS, *map(whole, sources)])


def weights_unit(model: EmittedModel, layout: WeightsLayout, checksum: Checksum) -> str:
    """The C file that takes the weights into the program."""
    digits = f"{checksum.sum:016x} {checksum.sum_of_sums:016x}"
    return fill("weights.c", model.c_name, {"checksum": digits, "weights_bytes": layout.total_bytes})


def cmake_lists(model: EmittedModel, sources: Iterable[str], embed_weights: bool) -> str:
    """The text of CMakeLists.txt for a library of these sources and the program."""
    embedding = f"""\
set_source_files_properties({model.c_name}_weights.c PROPERTIES
  COMPILE_OPTIONS "-D{model.c_name}_lrw_path=\\"${{CMAKE_CURRENT_SOURCE_DIR}}/{model.c_name}.lrw\\""
  OBJECT_DEPENDS "${{CMAKE_CURRENT_SOURCE_DIR}}/{model.c_name}.lrw")
"""
    blanks = {
        "version": lrc_version(),
        "machine": model.machine,
        "machine_flags": " ".join(model.machine.flags),
        "sources": "\n".join(f"  {source}" for source in sources),
        "embedding": embedding if embed_weights else "",
    }
    return fill("CMakeLists.txt", model.c_name, blanks)


def _blanks(model: EmittedModel, layout: WeightsLayout, embed_weights: bool) -> dict[str, object]:
    inputs = [("input", *pair) for pair in zip(model.names.inputs, model.inputs, strict=True)]
    outputs = [("output", *pair) for pair in zip(model.names.outputs, model.outputs, strict=True)]
    ports = [*inputs, *outputs]
    names = [name for _, name, _ in ports]
    return {
        "title": in_comment(model.name),
        "version": lrc_version(),
        "machine": model.machine,
        "sizes": "\n".join(f"  {model.c_name}_{name}_elements = {port.elements}," for _, name, port in ports),
        "shapes": "\n".join(f" *   {role} {_declared(name, port)}" for role, name, port in ports),
        "parameters": model.parameters,
        "arguments": ", ".join(names),
        "any_null": " || ".join(f"!{name}" for name in names),
        "embedded": _embedded(model) if embed_weights else "",
        "is_embedded": int(embed_weights),
        "arena_bytes": max(model.arena_bytes, 64),
        "weights_bytes": layout.total_bytes,
        "model_hash": f"{model_hash(model, layout):016x}",
        "integer_bytes": layout.integer_bytes,
        "integer_hash": ", ".join(
            f"UINT64_C(0x{int.from_bytes(layout.integer_hash[at : at + 8], 'little'):016x})" for at in (0, 8)
        ),
        "layers": "\n".join([*map(_layer_row, model.layers), "  {NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0},"]),
        "layer_count": len(model.layers),
        "graph": model.graph.strip("\n"),
        "input_count": len(model.inputs),
        "output_count": len(model.outputs),
        "input_sizes": ", ".join(str(port.elements) for port in model.inputs),
        "output_sizes": ", ".join(str(port.elements) for port in model.outputs),
        "calls": ", ".join([*_numbered("inputs", model.inputs), *_numbered("outputs", model.outputs)]),
    }


def _numbered(array: str, ports: Sequence[Port]) -> list[str]:
    return [f"{array}[{number}]" for number in range(len(ports))]


def _declared(name: str, port: Port) -> str:
    return f"float {name}{''.join(f'[{extent}]' for extent in port.shape)}"


def _embedded(model: EmittedModel) -> str:
    return f"""
/* The contents of {model.c_name}.lrw, which are a part of this program, for {model.c_name}_init. */
const void *{model.c_name}_weights(size_t *bytes);
"""


def _layer_row(layer: LayerRow) -> str:
    numbers = (layer.elements, layer.channels, layer.rows, layer.columns)
    places = (layer.origin, layer.row_stride, layer.channel_stride, element_named(layer.element).bytes)
    texts = map(string_literal, (layer.name, layer.kind))
    return f"  {{{', '.join([*texts, *map(str, (*numbers, *places))])}}},"


def _kernels_header(model: EmittedModel) -> str:
    guard = f"LRC_{model.c_name}_KERNELS_H"
    return f"""\
/* {in_comment(model.name)}: what its kernels and its graph share. */
#ifndef {guard}
#define {guard}

{INCLUDES}
{model.declarations.strip()}

#endif
"""
