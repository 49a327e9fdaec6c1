"""Plain values that all levels speak of: they import nothing of lrc, attributes wrap them, passes call them."""
