"""Networks of any size, each large in one way: what `growth` times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Final

SHAPE: Final = "f32[1, 1, 2, 3]"


@dataclass(frozen=True)
class Case:
    """A way to grow: `text(n)` is a network with n of `what`; `compiles`: whether compiling it is of interest, too."""

    what: str
    text: Callable[[int], str]
    compiles: bool = False


def model(body: str, outputs: str = "output y = last", inputs: str = f"input x: {SHAPE}") -> str:
    """A whole file around the layers of a network."""
    return f"model grown {{\n  weights random(seed: 0)\n  {inputs}\n{body}\n  {outputs}\n}}\n"


def lines(n: int, line: Callable[[int], str]) -> str:
    """n lines of a body."""
    return "\n".join(f"  {line(i)}" for i in range(n))


def previous(i: int, name: str = "l") -> str:
    """The layer before the i-th one."""
    return f"{name}{i - 1}" if i else "x"


def chain(n: int) -> str:
    """Each layer reads the one before, and nothing can be fused."""
    kinds = ("relu", "sigmoid")
    return model(lines(n, lambda i: f"l{i}: {kinds[i % 2]}({previous(i)})"), f"output y = l{n - 1}")


def convolutions(n: int) -> str:
    """A chain of convolutions, batch norms and activations, n layers in all."""

    def line(i: int) -> str:
        take = previous(i)
        kinds = (f"conv2d({take}) {{ filters: 1, kernel: 3, pad: 1 }}", f"batch_norm({take})", f"relu({take})")
        return f"l{i}: {kinds[i % 3]}"

    return model(lines(n, line), f"output y = l{n - 1}")


def residual(n: int) -> str:
    """A chain of convolutions, each with a way around it, n layers in all."""

    def line(i: int) -> str:
        if i % 2:
            return f"l{i}: add(l{i - 1}, {previous(i - 1)})"
        return f"l{i}: conv2d({previous(i)}) {{ filters: 1, kernel: 1 }}"

    return model(lines(n, line), f"output y = l{n - 1}")


def fan_out(n: int) -> str:
    """n layers, of which all but the last read one tensor."""
    return model(lines(n - 1, lambda i: f"l{i}: sigmoid(x)") + "\n  last: add(l0, l1)")


def concat(n: int) -> str:
    """n layers, of which the last reads all others."""
    names = ", ".join(f"l{i}" for i in range(n - 1))
    return model(lines(n - 1, lambda i: f"l{i}: sigmoid(x)") + f"\n  last: concat({names})")


def dense(n: int) -> str:
    """Each layer reads the two before it."""
    return model(lines(n, lambda i: f"l{i}: mul({previous(i)}, {previous(max(i - 1, 0))})"), f"output y = l{n - 1}")


def inputs(n: int) -> str:
    """A network of n inputs."""
    names = ", ".join(f"x{i}" for i in range(n))
    return model(f"  last: concat({names})", inputs=lines(n, lambda i: f"input x{i}: {SHAPE}"))


def outputs(n: int) -> str:
    """A network of n outputs."""
    return model(lines(n, lambda i: f"l{i}: sigmoid(x)"), lines(n, lambda i: f"output y{i} = l{i}"))


def masks(n: int) -> list[str]:
    """n different masks of 4 x 4 cells."""
    cells = ("".join(row) for row in product("10", repeat=16))
    return [f'"{"/".join(row[i : i + 4] for i in range(0, 16, 4))}"' for row, _ in zip(cells, range(n), strict=False)]


def patterns(n: int) -> str:
    """One set of n patterns."""
    return model(f"  patterns p = [{', '.join(masks(n))}]\n  last: relu(x)")


def pattern_sets(n: int) -> str:
    """n sets of one pattern, each used once."""
    layer = "conv2d(x) {{ filters: 1, kernel: 3, pad: 1, sparsity: pattern(p{0}) }}"
    sets = lines(n, lambda i: f'patterns p{i} = ["110/110/000"]')
    return model(f"{sets}\n{lines(n, lambda i: f'l{i}: {layer.format(i)}')}", f"output y = l{n - 1}")


def terms(n: int) -> str:
    """A sum of n terms."""
    return model(f"  last: leaky_relu(x) {{ slope: {' + '.join(['1'] * n)} }}")


def products(n: int) -> str:
    """A product of n factors."""
    return model(f"  last: leaky_relu(x) {{ slope: 1{'/2*2' * (n // 2)} }}")


def blocks(n: int) -> str:
    """n/2 blocks, each used once: n layers and calls."""
    count = n // 2
    declared = lines(count, lambda i: f"block b{i}(x) {{ r: relu(x) result r }}")
    return model(f"{declared}\n{lines(count, lambda i: f'l{i}: b{i}({previous(i)})')}", f"output y = l{count - 1}")


def block_calls(n: int) -> str:
    """One block, used n/2 times: n layers and calls."""
    count = n // 2
    declared = "  block b(x, filters = 1) { r: conv2d(x) { filters, kernel: 1 } result r }"
    return model(f"{declared}\n{lines(count, lambda i: f'l{i}: b({previous(i)})')}", f"output y = l{count - 1}")


def block_layers(n: int) -> str:
    """One block of n - 1 layers, and its call."""
    body = lines(n - 1, lambda i: f"r{i}: sigmoid({previous(i, 'r')})")
    return model(f"  block b(x) {{\n{body}\n  result r{n - 2} }}\n  last: b(x)")


def depth(n: int) -> str:
    """n blocks that each call the one before."""
    declared = lines(n, lambda i: f"block b{i}(x) {{ r: {f'b{i - 1}' if i else 'relu'}(x) result r }}")
    return model(f"{declared}\n  last: b{n - 1}(x)")


def parameters(n: int) -> str:
    """A block of n parameters, half of which are given."""
    names = "".join(f", p{i} = {i}" for i in range(n))
    given = "".join(f", p{i}: 1" for i in range(0, n, 2))
    return model(f"  block b(x{names}) {{ r: relu(x) result r }}\n  last: b(x{given})")


def one_line(n: int) -> str:
    """A chain of n layers in one line."""
    return chain(n).replace("\n", " ")


def comments(n: int) -> str:
    """n layers and n comments."""
    return model(lines(n, lambda i: f"l{i}: sigmoid(x)  # {i}\n  # {i}"), f"output y = l{n - 1}")


def long_comment(n: int) -> str:
    """A comment of 100 n characters."""
    return model(f"  # {'c' * 100 * n}\n  last: relu(x)")


def unknown_layers(n: int) -> str:
    """n layers of which each reads one that is not there, though its name is close to another's."""
    return model(lines(n, lambda i: f"layer{i}: relu(layre{i})"), f"output y = layer{n - 1}")


def unknown_operators(n: int) -> str:
    """n layers of operators that do not exist."""
    return model(lines(n, lambda i: f"l{i}: rleu{i}(x)"), f"output y = l{n - 1}")


def unknown_fields(n: int) -> str:
    """One layer with n fields that do not exist."""
    return model(f"  last: conv2d(x) {{ filters: 1, kernel: 1, {', '.join(f'filtres{i}: 1' for i in range(n))} }}")


def late_layers(n: int) -> str:
    """n layers that each read the next one."""
    return model(lines(n, lambda i: f"l{i}: relu(l{i + 1})") + f"\n  l{n}: relu(x)", "output y = l0")


def cycles(n: int) -> str:
    """n layers in one circle."""
    return model(lines(n, lambda i: f"l{i}: relu(l{(i + 1) % n})"), "output y = l0")


def wrong_shapes(n: int) -> str:
    """n layers whose shapes do not fit, in one line."""
    return model(" ".join(f"l{i}: linear(x) {{ units: 1 }}" for i in range(n)), "output y = l0")


def wrong_masks(n: int) -> str:
    """A set of n masks that are the same."""
    equal = ", ".join(['"11/11"'] * n)
    return model(f"  patterns p = [{equal}]\n  last: relu(x)")


def syntax_errors(n: int) -> str:
    """n lines that are no statement."""
    return model(lines(n, lambda i: f"l{i} relu(x)"))


CASES: Final[Mapping[str, Case]] = {
    "chain": Case("layers in a chain", chain, compiles=True),
    "convolutions": Case("layers: convolution, batch norm, relu", convolutions, compiles=True),
    "residual": Case("layers: convolution, add", residual, compiles=True),
    "fan-out": Case("layers that read one tensor", fan_out, compiles=True),
    "concat": Case("layers that one concat joins", concat, compiles=True),
    "dense": Case("layers that read two before", dense, compiles=True),
    "inputs": Case("inputs", inputs, compiles=True),
    "outputs": Case("outputs", outputs, compiles=True),
    "patterns": Case("patterns in a set", patterns),
    "pattern-sets": Case("pattern sets, each with a layer", pattern_sets, compiles=True),
    "terms": Case("terms of a sum", terms),
    "products": Case("factors of a product", products),
    "blocks": Case("blocks and calls", blocks),
    "block-calls": Case("calls of a block and its layers", block_calls, compiles=True),
    "block-layers": Case("layers of a block", block_layers),
    "depth": Case("blocks inside blocks", depth),
    "parameters": Case("parameters of a block", parameters),
    "one-line": Case("layers in one line", one_line),
    "comments": Case("layers and comments", comments),
    "long-comment": Case("hundreds of characters of a comment", long_comment),
    "unknown-layers": Case("unknown layers", unknown_layers),
    "unknown-operators": Case("unknown operators", unknown_operators),
    "unknown-fields": Case("unknown fields", unknown_fields),
    "late-layers": Case("layers used too early", late_layers),
    "cycles": Case("layers in a circle", cycles),
    "wrong-shapes": Case("wrong shapes in one line", wrong_shapes),
    "wrong-masks": Case("equal masks", wrong_masks),
    "syntax-errors": Case("syntax errors", syntax_errors),
}
"""All ways to grow, by name."""
