"""One result, from kept pictures to the bytes of a PNG: made by this process, or by a replica that was sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muslin.studio.engine import KEEP, Engine
from muslin.studio.work import painting

Look = tuple[Mapping[str, Any], float]  # name, picture and origin of a row of `looks`, and its weight


@dataclass(frozen=True)
class Order:
    """What one result is made of: plain data, so that it can travel."""

    photo: str  # SHA-256 of kept pictures
    mask: str
    looks: tuple[Look, ...]
    painted: bool  # by a model that learned the look, rather than laid
    arguments: Mapping[str, Any]  # of Restyler.restyle, or of the painting model
    seed: int
    names: Mapping[str, Any]  # source, styles, mask and parts of the settings, as people call them
    on: Mapping[str, str] = field(default_factory=dict)  # what parts wear: studio.parts.pictures

    @property
    def pictures(self) -> set[str]:
        """The SHA-256 of all that `make` reads."""
        worn = set() if self.painted else {look["picture"] for look, _ in self.looks}
        return {self.photo, self.mask} | worn | (set(self.on.values()) - {KEEP})


@dataclass(frozen=True)
class Made:
    data: bytes  # PNG with its settings and its provenance inside
    size: tuple[int, int]  # width, height
    params: Mapping[str, Any]
    parts: Mapping[str, list[str]] = field(default_factory=dict)  # found and missing, where some wear their own cloth


def make(engine: Engine, order: Order) -> Made:
    """Raises UserError for what cannot be made."""
    from muslin.images import encode_image, off_white
    from muslin.restyle import metadata

    photo, parts = engine.photo(order.photo), {}
    if order.painted:
        mask = engine.photo(order.mask).pixels[..., 0]
        made = painting.paint(engine, order.looks, photo, mask, order.arguments, order.seed)
    else:
        cloths = [(engine.photo(look["picture"]), weight) for look, weight in order.looks]
        garment = engine.garment(order.photo, order.mask)
        on = {part: one if one == KEEP else engine.photo(one) for part, one in order.on.items()}
        made = engine.restyler.restyle(garment, cloths, seed=order.seed, on=on, **order.arguments)
        parts = {"parts": made.parts, "missing": made.missing} if on else {}
    params = json.loads(metadata.to_json({**made.params, **order.names}))
    data = encode_image(
        off_white(made.image, photo.alpha), "PNG", alpha=photo.alpha,
        text=metadata.settings_to_text(params), xmp=metadata.provenance_xmp(params),
    )  # fmt: skip
    height, width = made.image.shape[:2]
    return Made(data, (width, height), params, parts)
