"""What this installation can do, and in words why not."""

from __future__ import annotations

from importlib.util import find_spec

from muslin import store
from muslin.errors import EXIT_DEPENDENCY, UserError
from muslin.studio.errors import StudioError

START = "print"  # the model that learning a look goes on from
PRINT_RECIPES = ("print", "dcgan", "r3gan")
NEEDS_TRAINING = "Training needs Keras and TensorFlow, which are not installed: pip install 'muslin[train]'"


def reasons() -> dict[str, str | None]:
    """Ability -> why it is missing, None where it is there."""
    makers = [model for model in store.models() if model.recipe in PRINT_RECIPES]
    return {
        "imagine": None if makers else "No model that makes prints is installed. Train one: muslin train print",
        "train": _training(),
        "pdf": None,
    }


def _training() -> str | None:
    if find_spec("keras") is None or not any(find_spec(name) for name in ("tensorflow", "jax", "torch")):
        return NEEDS_TRAINING
    try:
        model = store.load(START)
    except UserError as error:
        return str(error)
    return None if "training.npz" in model.card["files"] else f"The model '{START}' cannot be trained further."


def require(ability: str) -> None:
    """Raises StudioError (501) where it is missing."""
    reason = reasons()[ability]
    if reason is not None:
        raise StudioError(501, reason, exit_code=EXIT_DEPENDENCY)
