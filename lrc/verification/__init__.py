"""Whether what was compiled means what was written: references, bounds, integers, and who is to blame."""
