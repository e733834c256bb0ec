"""muslin: restyle photographs of garments with generative adversarial networks."""
