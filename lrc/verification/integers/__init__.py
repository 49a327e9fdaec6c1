"""Integer networks: weights, biases and inputs of small integers, for which float32 makes no error.

Sums of integers are exact in float32 as long as the magnitudes in one add up to less than 2^24, whatever their order
and whether multiplications and additions are fused. So code that computes such a network has to agree with the
reference in every bit, and a dropped tap, which drowns in the error bound of a long sum, shows.

`draw` puts such numbers into the shape and the masks of a given network: a weight that was pruned stays zero, all
others become 1, 2 or 3 with a sign, so the code for it is the same. Sums grow from layer to layer, and 24 bits are soon
used up. What keeps them small are the biases: each is chosen after its sums are known, in one of two ways that take
turns along the network.

- A *bare* layer has a bias just above minus the smallest sum of each filter. Its relu then passes everything, and
  whatever changes anywhere in the layer shows.
- A *reset* layer has a bias just above minus the largest sum. Behind the relu each filter is alive at one place or a
  few, with a small number there: the next layer begins with small sums again.

In the next network the layers change their parts. Reset layers read bare ones, where no number is zero, so after two of
them nearly every weight was multiplied by something for a number that shows it.

    drawing.py   the walk along a network, layer by layer
    biases.py    how a bias is chosen, for each activation
    sums.py      what there is to know of a layer's sums: their reach, and which weights show in them
"""

from lrc.verification.integers.drawing import IntegerNetwork, draw

__all__ = ["IntegerNetwork", "draw"]
