"""Imports go down only, and the runtime half never imports the training half."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "muslin"

FLOORS = {
    "errors": 0, "quiet": 0, "folders": 0, "images": 0, "backend": 0, "groups": 0,
    "store": 1, "layers": 1, "textiles": 1, "garments": 1,
    "networks": 2, "losses": 2, "regularizers": 2, "augment": 2, "optim": 2, "precision": 2, "data": 2,
    "recipes": 3,
    "training": 4, "metrics": 4,
    "restyle": 5, "export": 5, "classic": 5, "runs": 5, "imagine": 5, "distributed": 5, "evaluation": 5,
    "cli": 6, "demo": 6, "studio": 6,
}  # fmt: skip
FRAMEWORKS = {"tensorflow", "jax", "torch"}
KERAS_ALLOWED = {"backend", "layers", "networks", "losses", "regularizers", "augment", "optim", "precision", "recipes",
                 "training", "export", "classic"}  # fmt: skip


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def room(path: Path) -> str:
    """The top-level module or folder a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Absolute names of everything a file imports, at any depth of the code."""
    inside = ["muslin", *path.relative_to(PACKAGE).with_suffix("").parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = inside[: len(inside) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    here = room(path)
    assert here in FLOORS, f"{here} has no floor: add it here and to docs/architecture.md"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "muslin" or len(parts) < 2 or parts[1] not in FLOORS or parts[1] == here:
            continue
        assert FLOORS[parts[1]] <= FLOORS[here], f"{here} (floor {FLOORS[here]}) imports {name}"
        if FLOORS[parts[1]] == FLOORS[here]:
            # Neighbours on a floor may meet, circles may not: a file's neighbour must not import it back.
            other = PACKAGE / parts[1]
            files = [other.with_suffix(".py")] if other.with_suffix(".py").exists() else list(other.rglob("*.py"))
            back = {item for file in files for item in imports(file)}
            circle = [item for item in back if item.startswith(f"muslin.{here}")]
            assert not circle, f"{here} and {parts[1]} import each other"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_only_backend_names_a_framework_and_data_knows_no_keras(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    if room(path) not in ("backend", "groups"):  # the latter: collectives, which Keras has for no two of them alike
        allowed = {"tensorflow"} if room(path) == "export" else set()  # ONNX is written through TensorFlow
        if path.name == "info.py" or room(path) in ("training", "cli"):
            allowed = set(FRAMEWORKS)  # event files; versions to report
        assert not (roots & FRAMEWORKS) - allowed
    if "keras" in roots:
        assert room(path) in KERAS_ALLOWED


def test_importing_muslin_and_restyling_load_no_training_framework() -> None:
    code = (
        "import sys, muslin, muslin.cli, muslin.restyle.restyler\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'onnxruntime'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
