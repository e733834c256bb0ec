"""Models on disk: where they are, what they say about themselves, and whether their bytes are what they were.

A model is a folder:

    drape/
      model.json       the card: name, recipe, version, licence, data, metrics, and SHA-256 + size of every file
      generator.onnx   the network, ready for ONNX Runtime
      ...              Keras weights, previews

A name is looked for among the user's models first, then among those shipped with the package. The user's
folder is $MUSLIN_MODELS, or the data folder of the system.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError

FORMAT = 1
CARD = "model.json"
MAX_CARD_BYTES = 4_000_000
LARGEST_SIZE = 4096  # px, side of the square that a network sees
KINDS = {
    "network": str, "role": str, "exported": list, "domains": list, "settings": dict, "size": int, "looks": list,
    "colours": list,
}  # fmt: skip  # entries of a card that others count on, where it has them
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Model:
    """A model folder whose card has been read.

    Files are checked against their hashes when they are asked for.
    """

    folder: Path
    card: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.card["name"])

    @property
    def recipe(self) -> str:
        return str(self.card["recipe"])

    @property
    def role(self) -> str:
        """The recipe as whose model it is used: its own, or that of the teacher whose work it copies."""
        return str(self.card.get("role", self.recipe))

    @property
    def network(self) -> str:
        """Name of the file that does the work, 'generator.onnx' unless the card says otherwise."""
        return str(self.card.get("network", "generator.onnx"))

    @property
    def sha256(self) -> str:
        """SHA-256 of the network's file, as recorded; what a restyled picture keeps as the model's
        identity.
        """
        return str(self.card["files"].get(self.network, {}).get("sha256", ""))

    @property
    def size(self) -> int:
        """Bytes of all files together, as recorded."""
        return sum(entry["bytes"] for entry in self.card["files"].values())

    def file(self, name: str | None = None) -> Path:
        """Path of one file of the model (the network by default), after its hash was checked.

        Raises UserError (exit code 4) when the file is not part of the model, is gone, or was altered.
        """
        name = name or self.network
        if name not in self.card["files"]:
            raise _broken(self.folder, f"the card lists no file '{name}'", possible=sorted(self.card["files"]))
        path, entry = self.folder / name, self.card["files"][name]
        try:
            found = os.stat(path)
            # Neither a pipe nor a file of another size is worth reading: it could take for ever.
            same = stat.S_ISREG(found.st_mode) and found.st_size == entry["bytes"]
            same = same and _sha256(path) == entry["sha256"]
        except OSError as error:
            raise _broken(self.folder, f"'{name}' cannot be read ({error.strerror})") from error
        if not same:
            raise _broken(self.folder, f"'{name}' is not the file that was published (its hash differs)")
        return path

    def verify(self) -> None:
        """Check every file. Raises UserError (exit code 4) at the first that is gone or altered."""
        for name in self.card["files"]:
            self.file(name)


def shipped_folder() -> Path:
    """The models that come with the package."""
    return Path(__file__).parent / "models"


def data_folder() -> Path:
    """Where muslin keeps what is the user's, by the habit of the system. It may not exist yet."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", "~\\AppData\\Local"))
    elif sys.platform == "darwin":
        base = Path("~/Library/Application Support")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share")
    return base.expanduser() / "muslin"


def user_folder() -> Path:
    """The user's own models: $MUSLIN_MODELS, else in the data folder. It may not exist yet."""
    given = os.environ.get("MUSLIN_MODELS")
    return Path(given).expanduser() if given else data_folder() / "models"


def find(name: str | Path) -> Path:
    """The folder of a model given by name or by path: its own, its card's, or that of the run which made it.

    Raises UserError (exit code 4) with the names that exist.
    """
    text = str(name)
    given = Path(text).expanduser()
    if given.name == CARD and _is_file(given):
        return given.parent
    if text and _is_file(given / CARD):
        return given
    if NAME.fullmatch(text):
        for root in (user_folder(), shipped_folder()):
            if (root / text / CARD).is_file():
                return root / text
    for model, folder in entries():
        if model and model.name == text:
            return folder
    if text and _is_file(given / "model" / CARD):  # last: a run called 'drape' is not what `drape` means
        return given / "model"
    raise UserError(
        f"There is no model '{text}'.",
        possible=sorted({model.name for model, _ in entries() if model}) or "no model is installed",
        advice="Give one of these names, or the path of a folder with a model.json in it. "
        "Train your own with: muslin train drape DATA",
        exit_code=EXIT_MODEL,
    )


def load(name: str | Path) -> Model:
    """Read and check the card of a model. Its files are checked as they are used (`Model.file`).

    Where models are kept, one is called as its folder is: one that was copied there by hand is then found by the name
    it is listed under, and two runs of one recipe are two models. Elsewhere, or where the folder's name is none for a
    model, it is called as its card says.
    """
    folder = find(name)
    try:
        found = (folder / CARD).stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_CARD_BYTES:
            raise _broken(folder, "its model.json is too large")
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise _broken(folder, f"its model.json cannot be read ({error})") from error
    _check_card(folder, card)
    if folder.parent in (user_folder(), shipped_folder()) and NAME.fullmatch(folder.name):
        card = {**card, "name": folder.name}
    return Model(folder, card)


def entries() -> Iterator[tuple[Model | None, Path]]:
    """Every model folder, the user's before the shipped ones; a broken one comes as (None, folder)."""
    for root in (user_folder(), shipped_folder()):
        if not root.is_dir():
            continue
        for folder in sorted(root.iterdir()):
            if folder.name.startswith(".") or not (folder / CARD).is_file():
                continue
            try:
                yield load(folder), folder
            except UserError:
                yield None, folder


def models() -> list[Model]:
    """All models that can be used, one per name, the user's before the shipped ones."""
    found: dict[str, Model] = {}
    for model, _ in entries():
        if model is not None:
            found.setdefault(model.name, model)
    return list(found.values())


def write_card(folder: str | Path, card: Mapping[str, Any]) -> Model:
    """Write model.json for the files already in `folder`: `card` plus format, version, and the files' hashes.

    `card` must name the model and the recipe. Atomic: a reader sees the old card or the new one.
    """
    from muslin import __version__

    folder = Path(folder)
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": _sha256(path),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != CARD and not path.name.startswith(".")
    }
    full = {"format": FORMAT, "muslin": __version__, **card, "files": files}
    _check_card(folder, full)
    temporary = folder / f".{CARD}.{os.getpid()}"
    temporary.write_text(json.dumps(full, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, folder / CARD)
    return Model(folder, full)


def refuse_shipped(name: str, recipe: str | None = None) -> None:
    """Raises UserError where a model of this name would hide one that comes with muslin and does other work.

    recipe: of the new model; one of the same recipe may take its place. None: none may.
    """
    if NAME.fullmatch(name) and _is_file(shipped_folder() / name / CARD):
        shipped = load(shipped_folder() / name)
        if shipped.recipe != recipe:
            raise UserError(
                f"'{name}' is a model that comes with muslin, which the new one would hide.",
                advice="Choose another name.",
                exit_code=EXIT_USAGE,
            )


def refuse_name(name: str, recipe: str, *, root: str | Path | None = None, overwrite: bool = False) -> None:
    """Raises UserError where a model of `recipe` cannot be published under this name; arguments as in `publish`.

    To be asked before the hours of work that make the model.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"'{name}' cannot be the name of a model.",
            possible="small letters, digits, '.', '_' and '-', at most 64",
            exit_code=EXIT_USAGE,
        )
    if root is None:
        refuse_shipped(name, recipe)
    root = Path(root) if root is not None else user_folder()
    if (root / name).exists() and not overwrite:
        raise UserError(
            f"A model named '{name}' is already in {root}.",
            advice="Choose another name, or replace it with --overwrite.",
        )


def publish(
    folder: str | Path, name: str | None = None, *, root: str | Path | None = None, overwrite: bool = False
) -> Model:
    """Copy a finished model folder into the store under `name` (default: the card's), all of it or nothing.

    The copy is made beside its destination and renamed, so that no reader ever sees half a model.
    Raises UserError when the name is taken and `overwrite` is False, when it is that of a model that comes with muslin
    and does other work, or when the model is broken.
    """
    model = load(folder)
    model.verify()
    name = name or model.name
    refuse_name(name, model.recipe, root=root, overwrite=overwrite)
    root = Path(root) if root is not None else user_folder()
    target = root / name
    root.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=root))
    try:
        for file in model.card["files"]:
            (staging / "new" / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(model.folder / file, staging / "new" / file)
        write_card(staging / "new", {**model.card, "name": name})
        if target.exists():
            os.replace(target, staging / "old")
        try:
            os.replace(staging / "new", target)
        except BaseException:  # what follows removes the folder that the old model lies in
            if (staging / "old").exists():
                os.replace(staging / "old", target)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return load(target)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_file(path: Path) -> bool:
    """False also for what cannot be a path at all (too long, NUL)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _check_card(folder: Path, card: Any) -> None:
    if not isinstance(card, dict) or not isinstance(card.get("files"), dict):
        raise _broken(folder, "its model.json is not a model card")
    if card.get("format") != FORMAT:
        raise _broken(folder, f"its format is {card.get('format')!r}, this muslin reads format {FORMAT}")
    for key in ("name", "recipe"):
        if not isinstance(card.get(key), str) or not card[key]:
            raise _broken(folder, f"its model.json has no {key}")
    for key, kind in KINDS.items():
        if not isinstance(card.get(key, kind()), kind):
            raise _broken(folder, f"its model.json has a {key} that is no {kind.__name__}")
    if not 1 <= card.get("size", 1) <= LARGEST_SIZE:
        raise _broken(folder, f"its model.json gives {card['size']} px as its size")
    for name, entry in card["files"].items():
        parts = PurePosixPath(name)
        # A card may come from anywhere: it must not point outside its own folder.
        if parts.is_absolute() or ".." in parts.parts or not name.isprintable() or set("\\:") & set(name) or not name:
            raise _broken(folder, f"its model.json lists an impossible file name {name!r}")
        if not (isinstance(entry, dict) and _is_hash(entry.get("sha256")) and _is_size(entry.get("bytes"))):
            raise _broken(folder, f"its model.json says neither hash nor size of '{name}'")


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _broken(folder: Path, what: str, possible: object | None = None) -> UserError:
    return UserError(
        f"The model in {folder} cannot be used: {what}.",
        possible=possible,
        advice="Export or install it again.",
        exit_code=EXIT_MODEL,
    )
