"""The convolution: one kernel for all there are, and the launch of a layer."""
