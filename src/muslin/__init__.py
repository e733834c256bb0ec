"""muslin: restyle photographs of garments with generative adversarial networks."""

__version__ = "0.1.0"
