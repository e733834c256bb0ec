"""The demonstration: a GAN trained in front of you, garments it has never seen in new cloth, a lookbook to
show.

    demo/garments/    photos of rendered garments kept out of training, with their masks
    demo/swatches/    the cloths, some of them designed by a second GAN from noise
    demo/run/         the training run of `drape`: log, previews, the model
    demo/looks/       the results, each carrying its settings
    demo/lookbook.html, demo/contact-sheet.png
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muslin import runs, store
from muslin.data.truth import render
from muslin.errors import UserError
from muslin.images import write_image
from muslin.restyle import lookbook
from muslin.textiles.procedural import swatch

SIZE = (960, 720)  # height, width of the garment photos
FIRST_SEED = 2**31  # training draws seeds below it
DESIGN_SECONDS = 40.0
DESIGNS = 2  # cloths from noise that are worn in the lookbook

Say = Callable[[str], None]


@dataclass(frozen=True)
class Piece:
    """A garment of the demonstration and the looks it is shown in: textile and print scale."""

    kind: str
    seed: int
    looks: tuple[tuple[str, float], ...]

    @property
    def file(self) -> str:
        return f"{self.kind.replace(' ', '_')}.png"


PIECES = (
    Piece("dress", 11, (("floral", 1.0), ("ikat", 0.9), ("tartan", 1.0), ("shibori", 1.1))),
    Piece("shirt", 5, (("stripes", 0.8), ("polka dots", 0.6), ("paisley", 0.9), ("gingham", 0.6))),
    Piece("coat", 3, (("houndstooth", 0.6), ("herringbone", 0.7), ("leopard", 1.0), ("windowpane", 0.9))),
    Piece("skirt", 8, (("botanical", 1.0), ("chevron", 0.8), ("tie dye", 1.4), ("argyle", 0.8))),
    Piece("bag", 2, (("terrazzo", 0.9), ("scales", 0.7), ("brushstrokes", 1.1), ("denim", 0.8))),
)


def run(output: str | Path = "demo", *, minutes: float = 2.0, say: Say = print) -> list[Path]:
    """Train, restyle, and write the lookbook into `output`; a demonstration that was there is replaced.

    minutes: for training `drape`; a second network for prints takes DESIGN_SECONDS more when there is a
    minute or more. Returns the files to look at. Raises UserError where the training half is not installed
    (exit code 5).
    """
    output = Path(output)
    started = time.perf_counter()
    _clear(output)
    say(f"1  Sewing {len(PIECES)} garments that the network will never see in training.")
    garments = dict(_sew(output))
    say(f"2  Training: a generator learns how cloth lies and a discriminator judges it, for {minutes:g} minutes.")
    trained = runs.train("drape", folder=output / "run", minutes=minutes, say=say)
    if trained.model is None:
        raise UserError("The demonstration was stopped during training.", advice="Run it again when there is time.")
    say("3  Designing prints from noise with a second GAN.")
    designs = _design(output, say) if minutes >= 1 else []
    say("4  Restyling.")
    looks = list(_restyle(output, garments, trained.model, designs))
    gathered, _ = lookbook.gather(looks)
    files = lookbook.write(gathered, output, title="Muslin", overwrite=True)
    say(f"{len(looks)} looks in {time.perf_counter() - started:.0f} s. Open {files[0]} in a browser.")
    return files


def _clear(output: Path) -> None:
    """Remove what an earlier demonstration made, and nothing else."""
    import shutil

    for name in ("run", "designs", "garments", "swatches", "looks"):
        shutil.rmtree(output / name, ignore_errors=True)
    for name in ("garments", "swatches", "looks"):
        (output / name).mkdir(parents=True, exist_ok=True)


def _sew(output: Path) -> Iterator[tuple[Piece, Path]]:
    """Photograph the garments in plain cloth; keep their masks beside them."""
    for piece in PIECES:
        made = render(FIRST_SEED + piece.seed, SIZE, kind=piece.kind, plain=True)
        path = write_image(output / "garments" / piece.file, made.photo, overwrite=True)
        mask = output / "garments" / "masks" / piece.file
        mask.parent.mkdir(exist_ok=True)
        write_image(mask, np.round(made.mask * 255).astype(np.uint8), overwrite=True)
        yield piece, path


def _design(output: Path, say: Say) -> list[Path]:
    """Swatches from noise: a DCGAN trained on procedural textiles for less than a minute.

    Rough, but its own.
    """
    trained = runs.train(
        "dcgan",
        "textiles",
        folder=output / "designs",
        minutes=DESIGN_SECONDS / 60,
        until_converged=False,
        say=say,
    )
    if trained.model is None:
        return []
    from muslin.garments.network import Network

    network = Network(trained.model.file())
    latents = np.random.default_rng(1).standard_normal((DESIGNS, 64)).astype(np.float32)
    (made,) = network(**{network.inputs[0]: latents}).values()
    paths = []
    for index, picture in enumerate(np.rint((made + 1) * 127.5).clip(0, 255).astype(np.uint8)):
        path = output / "swatches" / f"design_from_noise_{index + 1}.png"
        paths.append(write_image(path, picture, overwrite=True))
    return paths


def _restyle(output: Path, garments: dict[Piece, Path], model: store.Model, designs: list[Path]) -> Iterator[Path]:
    """Each garment in its looks by the network just trained, and its last look by the shipped one, if there
    is one.
    """
    from muslin.restyle.restyler import Restyler

    restyler = Restyler(model.folder, mask_model=None)
    for piece, photo in garments.items():
        mask = photo.parent / "masks" / photo.name
        garment = restyler.examine(photo, mask)
        for textile, scale in _with_designs(piece, designs):
            cloth = textile if isinstance(textile, Path) else _cloth(output, textile)
            target = output / "looks" / f"{photo.stem}.{cloth.stem}.png"
            yield restyler.restyle(garment, cloth, mask, scale=scale).save(target, overwrite=True)


def _with_designs(piece: Piece, designs: list[Path]) -> list[tuple[Any, float]]:
    """The piece's looks; the designs from noise are worn by the first pieces."""
    place = PIECES.index(piece)
    own = [(designs[place], 1.0)] if place < len(designs) else []
    return [*piece.looks, *own]


def _cloth(output: Path, textile: str) -> Path:
    path = output / "swatches" / f"{textile.replace(' ', '_')}.png"
    return path if path.exists() else write_image(path, swatch(textile, FIRST_SEED, 512))


def _shipped() -> store.Model | None:
    """The drape model that came with muslin, if any."""
    try:
        return store.load(store.shipped_folder() / "drape")
    except UserError:
        return None
