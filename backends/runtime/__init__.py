"""The fixed part of every emitted folder, as package data.

The texts are C and CMake as they stand, except for two kinds of blanks which ``lrc.backends.c_api`` fills:
the word ``NAME`` (also as in ``NAME_run``) becomes the model's C name, so that two models link together,
and ``@word@`` becomes a piece of text.
"""
