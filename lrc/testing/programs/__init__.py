"""`.lr` texts, drawn with what they mean: `drawing.py` has the strategy, `authors.py` and `phrases.py` what is said,
`texts.py` how it is written, and `meaning.py` the module that it stands for, made without lrc's frontend."""
