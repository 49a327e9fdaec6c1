"""The dialects of lrc: the vocabulary of every level between a `.lr` file and C."""
