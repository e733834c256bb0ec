"""The feature network that comes with muslin, as the measures take it."""

from __future__ import annotations

from muslin import store
from muslin.metrics.features import SIDE, FeatureNetwork

MODEL = "features"


def feature_network(side: int = SIDE, model: str = MODEL) -> FeatureNetwork:
    """The network behind KID and the other measures; its file is checked against its hash.

    side: px at which it looks at pictures; figures of different sides are not comparable.
    Raises UserError (exit code 4) where it is missing or altered.
    """
    found = store.load(model)
    return FeatureNetwork(found.file(), str(found.card.get("title", found.name)), found.sha256, side=side)
