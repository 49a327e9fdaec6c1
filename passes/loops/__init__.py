"""Kernels as loops: for each family of operators a function from a plain description to a `func.func`."""
