"""What this installation can do, and in words why not."""

from __future__ import annotations

from importlib.util import find_spec

from muslin.errors import EXIT_DEPENDENCY
from muslin.studio.errors import StudioError

NEEDS_TRAINING = "Training needs Keras and TensorFlow, which are not installed: pip install 'muslin[train]'"


def reasons() -> dict[str, str | None]:
    """Ability -> why it is missing, None where it is there."""
    return {
        "imagine": None if find_spec("muslin.imagine") else "This muslin cannot imagine prints yet.",
        "train": _training(),
        "pdf": None,
    }


def _training() -> str | None:
    if find_spec("keras") is None or not any(find_spec(name) for name in ("tensorflow", "jax", "torch")):
        return NEEDS_TRAINING
    return None if find_spec("muslin.imagine") else "This muslin cannot learn looks yet."


def require(ability: str) -> None:
    """Raises StudioError (501) where it is missing."""
    reason = reasons()[ability]
    if reason is not None:
        raise StudioError(501, reason, exit_code=EXIT_DEPENDENCY)
