"""Passes to packed layers: a schedule for each, a layout for each tensor, and weights in the order of their use."""
