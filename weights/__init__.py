"""The shipped weights, their manifest, and the engines that run a network."""
