"""Past one machine: the same restyling, training and studio on a cluster of computers, through Ray."""
