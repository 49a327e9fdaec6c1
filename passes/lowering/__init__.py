"""From packed layers to loops: one kernel for each family of layers, and the function that launches them."""
