"""A restyler that answers at once, so that the command line is tested and not the network."""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from muslin.errors import EXIT_MODEL, UserError
from muslin.images import read_image, write_image
from muslin.restyle import metadata


@dataclass
class FakeRestyled:
    image: np.ndarray
    params: dict
    before: np.ndarray

    @property
    def garment(self):
        return SimpleNamespace(longer_side=max(self.image.shape[:2]), photo=SimpleNamespace(pixels=self.before))

    def save(self, path, *, overwrite=False):
        text, xmp = metadata.settings_to_text(self.params), metadata.provenance_xmp(self.params)
        return write_image(path, self.image, text=text, xmp=xmp, overwrite=overwrite)


class FakeRestyler:
    """Paints the photo in the mean colour of the swatches; keeps what it was asked."""

    calls: list = []  # noqa: RUF012

    def __init__(self, model="drape", mask_model="mask"):
        if model == "velvet":
            raise UserError("There is no model 'velvet'.", possible=["drape"], exit_code=EXIT_MODEL)
        self.model = model

    def variants(self, photo, style, n=4, mask=None, *, seed=0, **controls):
        photo = read_image(photo) if isinstance(photo, Path) else photo
        for index in range(n):
            self.calls.append({"model": self.model, "mask": mask, "seed": seed, **controls})
            params = metadata.describe(
                model={"name": self.model or "luminance", "sha256": None},
                source=photo.path,
                styles=[(swatch.path, weight) for swatch, weight in style],
                mask=metadata.file_entry(mask, kind="file") if isinstance(mask, Path) else {"kind": mask or "auto"},
                seed=seed + index,
                size=photo.pixels.shape[1::-1],
                controls={"scale": 1.0, **controls},
            )
            colour = np.mean([swatch.pixels.mean((0, 1)) for swatch, _ in style], axis=0)
            made = np.broadcast_to(colour, photo.pixels.shape).astype(np.uint8)
            yield FakeRestyled(made, params, photo.pixels)


@pytest.fixture
def fake(monkeypatch):
    stub = ModuleType("muslin.restyle.restyler")
    stub.Restyler = FakeRestyler
    monkeypatch.setitem(sys.modules, "muslin.restyle.restyler", stub)
    FakeRestyler.calls = []
    return FakeRestyler


@pytest.fixture
def studio(tmp_path, monkeypatch, fake):
    """A working folder with two photos, a folder of three (one damaged), and two swatches."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MUSLIN_MODELS", str(tmp_path / "models"))
    for name, value in {"shirt.jpg": 90, "dress.png": 60, "tartan.png": 200, "dots.png": 20}.items():
        write_image(tmp_path / name, np.full((40, 30, 3), value, np.uint8))
    (tmp_path / "photos" / "skirts").mkdir(parents=True)
    write_image(tmp_path / "photos" / "one.png", np.full((40, 30, 3), 1, np.uint8))
    write_image(tmp_path / "photos" / "skirts" / "two.png", np.full((40, 30, 3), 2, np.uint8))
    return tmp_path
