"""muslin: restyle photographs of garments with generative adversarial networks.

    from muslin import *
    input, target = preprocess_data()
    generator, discriminator = create_generator(), create_discriminator()
    train(generator, discriminator, input, target, epochs=60)

Names are imported when they are first used, so that `import muslin` is instant.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "preprocess_data": "muslin.classic",
    "create_generator": "muslin.classic",
    "create_discriminator": "muslin.classic",
    "train": "muslin.classic",
    "loss": "muslin.classic",
    "Restyler": "muslin.restyle.restyler",
    "imagine": "muslin.imagine",
    "evaluate": "muslin.evaluation.evaluate",
    "UserError": "muslin.errors",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'muslin' has no attribute '{name}'")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
