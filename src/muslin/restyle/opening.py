"""Which class restyles with a model: laying swatches, painting a learned look, or dressing drawings."""

from __future__ import annotations

import sys
from typing import Any

from muslin.errors import UserError

# Of restyle.translate and restyle.looks, which are not imported just to lay a swatch.
PAINTERS = ("cut", "cyclegan", "pix2pix", "stargan_v2")
BASELINE = "luminance"  # no network: the photo's own brightness is taken for its folds


def restyler_for(model: str, threads: int | None = None) -> Any:
    """What restyles with this model: by laying swatches, or by painting the look that it has learned.

    threads: of its networks; None: all cores this process may use. Raises UserError (exit code 4) for a missing model.
    """
    limited = {} if threads is None else {"threads": threads}
    painter = painter_of(model)
    if painter is not None and painter.recipe == "stargan_v2":
        from muslin.restyle.looks import LookRestyler

        return LookRestyler(model, mask_model=mask_model(), **limited)
    if painter is not None and painter.card.get("drawing"):
        from muslin.restyle.drawings import Dresser

        return Dresser(model, **limited)
    if painter is not None:
        from muslin.restyle.translate import Translator

        return Translator(model, mask_model=mask_model(), **limited)
    _begin((mask_model(), model), threads)
    from muslin.restyle.restyler import Restyler

    return Restyler(None if model == BASELINE else model, mask_model=mask_model(), **limited)


def _begin(models: tuple[str | None, ...], threads: int | None) -> None:
    """Let the networks of models open while OpenCV and the rest are imported: half of a cold start is one or the other.

    A missing model is the restyler's error to raise.
    """
    if "muslin.restyle.restyler" in sys.modules:  # nothing left to import
        return
    from muslin import store
    from muslin.garments.network import begin

    for model in models:
        try:
            if model not in (None, BASELINE):
                begin(store.load(str(model)).file(), threads)
        except UserError:
            continue


def painter_of(model: str | None) -> Any:
    """The model, where it paints a look that it has learned; a missing one is the restyler's error to raise."""
    from muslin import store

    try:
        found = None if model in (None, BASELINE) else store.load(str(model))
    except UserError:
        return None
    return found if found is not None and found.role in PAINTERS else None


def mask_model() -> str | None:
    """The network that finds garments; None (GrabCut instead) where no model of that name is installed."""
    from muslin import store

    try:
        store.find("mask")
    except UserError:
        return None
    return "mask"
