"""lrc: the layer-wise representation compiler."""

__version__ = "0.1.0"
