"""Procedural textiles: seamless swatches of the classics, coloured from curated palettes.

Every function takes a NumPy generator and a size in pixels and returns one repeat, uint8 [size, size, 3]
sRGB, that tiles straight without a seam. The same generator state gives the same design at any size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from muslin.errors import UserError
from muslin.textiles.dyes import ByteArray
from muslin.textiles.prints import (
    botanical,
    brushstrokes,
    chevron,
    floral,
    ikat,
    leopard,
    paisley,
    polka_dots,
    scales,
    shibori,
    terrazzo,
    tie_dye,
)
from muslin.textiles.woven import (
    argyle,
    denim,
    gingham,
    herringbone,
    houndstooth,
    knit,
    melange,
    plain,
    stripes,
    tartan,
    windowpane,
)

TEXTILES: dict[str, Callable[[np.random.Generator, int], ByteArray]] = {
    "plain": plain,
    "melange": melange,
    "stripes": stripes,
    "tartan": tartan,
    "gingham": gingham,
    "windowpane": windowpane,
    "polka dots": polka_dots,
    "houndstooth": houndstooth,
    "herringbone": herringbone,
    "chevron": chevron,
    "argyle": argyle,
    "ikat": ikat,
    "floral": floral,
    "botanical": botanical,
    "paisley": paisley,
    "shibori": shibori,
    "tie dye": tie_dye,
    "terrazzo": terrazzo,
    "leopard": leopard,
    "scales": scales,
    "brushstrokes": brushstrokes,
    "denim": denim,
    "knit": knit,
}


@lru_cache(maxsize=192)
def cached_swatch(name: str, seed: int, size: int) -> ByteArray:
    image = TEXTILES[name](np.random.default_rng([seed, *name.encode()]), size)
    image.setflags(write=False)
    return image


def swatch(name: str, seed: int = 0, size: int = 256) -> ByteArray:
    """One repeat of a named textile, uint8 [size, size, 3] sRGB; the same design at any size for one seed.

    Raises UserError for a name that is not in TEXTILES.
    """
    if name not in TEXTILES:
        raise UserError("There is no such textile.", received=name, possible=tuple(TEXTILES))
    return cached_swatch(name, int(seed), int(size)).copy()
