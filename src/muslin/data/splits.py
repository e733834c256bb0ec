"""Which pictures are kept out of training: one rule, a function of a name alone, for every folder and recipe.

Which name is hashed is the caller's to say, and for garments there are two answers. Training and all that measures it
(data/photos.py, data/domains.py, data/pairs.py, evaluation/making.py) hash a garment's own name, CLASS/NAME.jpg;
looking a folder over (data/folder.scan, for `muslin data check`) hashes the original that a manifest.csv names, where
one does. Swatches go by their original in both.
"""

from __future__ import annotations

import hashlib

HELD_OUT = 0.1  # share of the originals that no training run sees


def held_out(key: str, share: float = HELD_OUT) -> bool:
    """Whether `key` belongs to the test side. Adding or removing pictures moves none, and a larger share holds all
    that a smaller one does.

    key: what the picture was cut from where that is known, else its name in its collection.
    """
    return position(key) < share


def position(key: str) -> float:
    """A number in [0, 1) drawn from the hash of `key`, nearly uniform (a tenth of it holds 26 or 25 parts of 256).

    The tenth is the last digit of the first byte, which is how the networks that are shipped were split; the place
    within the tenth comes from the bytes behind it.
    """
    digest = hashlib.sha1(key.encode("utf-8", "surrogateescape")).digest()
    return (digest[0] % 10 + int.from_bytes(digest[1:7], "big") / 2**48) / 10
