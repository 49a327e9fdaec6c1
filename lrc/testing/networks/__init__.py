"""Networks of the lr dialect, drawn: `drawing.py` has the strategy, `motifs.py` what networks are made of,
`building.py` one under construction, `features.py` what a network has, for those who count."""
