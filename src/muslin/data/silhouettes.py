"""The kinds of garments: name -> function(rng, mood) that cuts its panels, from the back to the front."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .accessories import bag, hat, shoe
from .bottoms import shorts, skirt, trousers
from .fronts import blazer, coat, hoodie, shirt
from .panels import Mood, Panel
from .tops import dress, long_sleeve, t_shirt, tank_top

KINDS: dict[str, Callable[[np.random.Generator, Mood], list[Panel]]] = {
    "t-shirt": t_shirt,
    "tank top": tank_top,
    "long sleeve": long_sleeve,
    "shirt": shirt,
    "hoodie": hoodie,
    "blazer": blazer,
    "coat": coat,
    "dress": dress,
    "skirt": skirt,
    "trousers": trousers,
    "shorts": shorts,
    "bag": bag,
    "shoe": shoe,
    "hat": hat,
}
