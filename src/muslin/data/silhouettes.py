"""The kinds of garments: name -> function(rng, mood) that cuts its panels, from the back to the front."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from muslin.data.accessories import bag, hat, shoe
from muslin.data.bottoms import shorts, skirt, trousers
from muslin.data.fronts import blazer, coat, hoodie, shirt
from muslin.data.jackets import casual_jacket, polo
from muslin.data.panels import Mood, Panel
from muslin.data.tops import dress, long_sleeve, t_shirt, tank_top

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
# Cut when they are named; what a seed draws of the kinds above stays what it was.
FRONTS: dict[str, Callable[[np.random.Generator, Mood], list[Panel]]] = {"jacket": casual_jacket, "polo": polo}
