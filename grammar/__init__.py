"""The grammar of the `.lr` language, as data."""
