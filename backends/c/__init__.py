"""C out of the loop level: one printer, and a table of vector spellings for each instruction set."""
