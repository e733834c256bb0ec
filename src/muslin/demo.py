"""The demonstration: a GAN trained in front of you, garments it has never seen in new cloth, a lookbook to show.

demo/garments/    photos of rendered garments kept out of training, with their masks
demo/swatches/    the cloths, some of them designed by a second GAN from noise
demo/run/         the training run of `drape`: log, previews, the model
demo/looks/       the results, each carrying its settings
demo/lookbook.html, demo/contact-sheet.png
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from muslin import runs, store
from muslin.data.truth import Render, render
from muslin.errors import UserError
from muslin.images import write_image
from muslin.restyle import lookbook
from muslin.textiles.procedural import swatch

if TYPE_CHECKING:
    from muslin.restyle.restyler import Restyler

SIZE = (960, 720)  # height, width of the garment photos
FIRST_SEED = 2**31  # training draws seeds below it
DESIGN_SHARE = 1 / 3  # of the minutes, for a second GAN that designs prints from noise
LEAST_DESIGN_MINUTES = 3.0  # sooner it has nothing to show but noise
MARK = ".muslin-demo"  # a file: the folder is a demonstration's own
DESIGNS = 2  # of its prints are worn in the lookbook

Say = Callable[[str], None]


@dataclass(frozen=True)
class Piece:
    """A garment of the demonstration and the looks it is shown in: textile, its seed, and print scale."""

    kind: str
    seed: int
    looks: tuple[tuple[str, int, float], ...]

    @property
    def file(self) -> str:
        return f"{self.kind.replace(' ', '_')}.png"


@dataclass(frozen=True)
class Garment:
    """A piece as it was photographed in plain cloth, and in print with all that the truth world knows of it."""

    piece: Piece
    photo: Path
    mask: Path
    printed: Render


PIECES = (
    Piece("dress", 9, (("floral", 6, 0.8), ("ikat", 3, 0.8), ("tartan", 5, 0.8), ("shibori", 7, 1.0))),
    Piece("coat", 9, (("houndstooth", 6, 0.6), ("herringbone", 1, 0.4), ("windowpane", 5, 0.6), ("leopard", 0, 0.7))),
    Piece("skirt", 3, (("botanical", 7, 0.9), ("denim", 4, 0.5), ("chevron", 4, 0.8), ("argyle", 3, 0.8))),
    Piece("shirt", 3, (("stripes", 5, 0.7), ("polka dots", 2, 0.5), ("paisley", 6, 0.8), ("gingham", 3, 0.6))),
    Piece("bag", 9, (("terrazzo", 6, 0.9), ("scales", 6, 0.6), ("brushstrokes", 2, 1.0), ("tie dye", 3, 1.4))),
)


def run(output: str | Path = "demo", *, minutes: float = 3.0, say: Say = print) -> list[Path]:
    """Train, restyle, and write the lookbook into `output`; a demonstration that was there is replaced.

    minutes: for training `drape`; with nine or more, a second network designs prints in a third of that time.
    Returns the files to look at. Raises UserError where the training half is not installed (exit code 5), and for a
    folder with pictures that no demonstration made.
    """
    output = Path(output)
    started = time.perf_counter()
    _clear(output)
    say(f"Sewing {len(PIECES)} garments that the network will not see in training.")
    garments = list(_sew(output))
    say(f"Training for {minutes:g} minutes: a generator learns how cloth lies, a discriminator judges it.")
    # Less than a hundred steps must be large ones (docs/notebook.md, "Demonstration"), and cheap ones.
    options = {"learning_rate": 1e-2, "fine_batches": 0}
    trained = runs.train("drape", folder=output / "run", minutes=minutes, options=options, say=say)
    if trained.model is None:
        raise UserError("The demonstration was stopped during training.", advice="Run it again when there is time.")
    designs = []
    if minutes * DESIGN_SHARE >= LEAST_DESIGN_MINUTES:
        say("Designing prints from noise with a second GAN.")
        designs = _design(output, minutes * DESIGN_SHARE, say)
    say("Restyling.")
    looks = list(_restyle(output, garments, trained.model, designs, say))
    files = lookbook.write(looks, output, title="Muslin", overwrite=True)
    say(f"{len(looks)} looks after {time.perf_counter() - started:.0f} s in all. Open {files[0]} in a browser.")
    return files


def _clear(output: Path) -> None:
    """Remove what an earlier demonstration made, and nothing else: a folder of training data has such folders too."""
    import shutil

    own = [output / name for name in ("run", "designs", "garments", "swatches", "looks")]
    if not (output / MARK).exists() and (strange := [folder.name for folder in own if folder.exists()]):
        raise UserError(
            "The demonstration would replace what is in this folder, and did not make it.",
            received=f"{output}, with {', '.join(strange)}",
            advice="Name another folder with -o, a new one for instance; or remove these yourself.",
        )
    for folder in own:
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("garments", "swatches", "looks"):
        (output / name).mkdir(parents=True, exist_ok=True)
    (output / MARK).write_text("muslin demo made this folder, and replaces what is in it.\n", encoding="utf-8")


def _sew(output: Path) -> Iterator[Garment]:
    """Photograph the garments in plain cloth, keep their masks beside them; and once more in their first print.

    A plain garment shows its light to anybody; what a network has learned shows under a print.
    """
    for piece in PIECES:
        made = render(FIRST_SEED + piece.seed, SIZE, kind=piece.kind, plain=True)
        photo = write_image(output / "garments" / piece.file, made.photo, overwrite=True)
        mask = output / "garments" / "masks" / piece.file
        mask.parent.mkdir(exist_ok=True)
        write_image(mask, np.round(made.mask * 255).astype(np.uint8), overwrite=True)
        printed = render(FIRST_SEED + piece.seed, SIZE, kind=piece.kind, textile=piece.looks[0][0])
        yield Garment(piece, photo, mask, printed)


def _design(output: Path, minutes: float, say: Say) -> list[Path]:
    """Swatches from noise: a DCGAN trained on procedural textiles. Rough, but nobody's."""
    trained = runs.train(
        "dcgan", "textiles", folder=output / "designs", minutes=minutes, until_converged=False, say=say
    )
    if trained.model is None:
        return []
    from muslin.imagine import Imaginer

    return [
        design.save(output / "swatches" / f"from_noise_{index}.png", overwrite=True)
        for index, design in enumerate(Imaginer(trained.model.folder).pictures(DESIGNS, seed=1), start=1)
    ]


def _restyle(
    output: Path, garments: list[Garment], model: store.Model, designs: list[Path], say: Say
) -> Iterator[lookbook.Look]:
    """Each garment in its looks by the network just trained; its first look by the shipped one too, if there is one."""
    from muslin.restyle.restyler import Restyler

    new, luminance = Restyler(model.folder, mask_model=None), Restyler(None, mask_model=None)
    shipped = _shipped()
    old = None if shipped is None else Restyler(shipped.folder, mask_model=None)
    for number, garment in enumerate(garments):
        seen = new.examine(garment.photo, garment.mask)
        cloths = [(_cloth(output, textile, seed), scale) for textile, seed, scale in garment.piece.looks]
        cloths += [(designs[number], 1.0)] if number < len(designs) else []
        for cloth, scale in cloths:
            made = new.restyle(seen, cloth, scale=scale)
            path = made.save(output / "looks" / f"{garment.photo.stem}.{cloth.stem}.png", overwrite=True)
            yield from lookbook.gather([path])[0]
        if old is not None:
            cloth, scale = cloths[0]
            made = old.restyle(garment.photo, cloth, garment.mask, scale=scale)
            path = output / "looks" / f"{garment.photo.stem}.{cloth.stem}.shipped.png"
            (look,) = lookbook.gather([made.save(path, overwrite=True)])[0]
            yield replace(look, how="by the shipped model")
    told = [
        f"{found_by(new, garments):.2f} by this network",
        f"{found_by(luminance, garments):.2f} by brightness alone",
    ]
    told += [] if old is None else [f"{found_by(old, garments):.2f} by the shipped model"]
    say(f"Folds and light under prints, on garments never seen: correlation with the truth {', '.join(told)}.")


def found_by(restyler: Restyler, garments: list[Garment]) -> float:
    """Correlation of what a restyler takes for light with the truth, the mean over the garments in their prints."""
    white, found = np.full((8, 8, 3), 255, np.uint8), []
    for printed in (garment.printed for garment in garments):
        mask = np.round(printed.mask * 255).astype(np.uint8)
        made = restyler.restyle(printed.photo, white, mask)
        found.append(correlation(made.shading, printed.shading, printed.mask))
    return float(np.mean(found))


def correlation(shading: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Of two shadings (gains, HxW), in logarithms, where the mask is full."""
    inside = mask > 0.95
    first, second = np.log(np.maximum(shading[inside], 1e-3)), np.log(np.maximum(truth[inside], 1e-3))
    return float(np.corrcoef(first, second)[0, 1])


def _cloth(output: Path, textile: str, seed: int) -> Path:
    path = output / "swatches" / f"{textile.replace(' ', '_')}.png"
    return path if path.exists() else write_image(path, swatch(textile, FIRST_SEED + seed, 512))


def _shipped() -> store.Model | None:
    """The drape model that came with muslin, if any."""
    try:
        return store.load(store.shipped_folder() / "drape")
    except UserError:
        return None
