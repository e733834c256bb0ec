"""Past one machine: the same restyling and training on a cluster of computers, through Ray."""
