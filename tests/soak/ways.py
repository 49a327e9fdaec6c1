"""The networks of `compilers.py`, compiled in every way that there is."""

import random
import traceback

import compilers

from soak.slices import Slice, signature_of


def ways(work: Slice) -> None:
    """Try all ways in an order of the slice's own, until the time is over."""
    order = random.Random(work.seed).sample(all_ways := compilers.all_ways(), len(all_ways))
    for number, way in enumerate(order):
        if not work.time_left():
            break
        scratch = work.scratch / str(number)
        scratch.mkdir()
        try:
            compilers.check(way, compilers.cases(way.target), scratch)
        except AssertionError as error:
            message = traceback.format_exc()
            work.fail(f"{way}: {signature_of(error)}", message, work.seed, {"README": message.encode()})
        work.count(f"ways to compile, of {len(all_ways)} in a slice's own order")
        work.count("networks compiled in some way", len(compilers.cases(way.target)))
