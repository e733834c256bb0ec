"""New prints and designs from noise: a model or a look in, seamless repeats or designs out.

    from muslin import imagine
    tiles = imagine("floral_print", 24)                    # uint8 24 x 512 x 512 x 3, each tiles without a seam
    tiles = imagine("ikat", 6, mix="stripes", weight=0.3, size=1024)
    steps = imagine("garden", 5, between=(3, 8))           # five prints on the way from seed 3 to seed 8

`print` models arrange swatches (textiles.arrange); models of the other noise recipes (dcgan, r3gan) make designs of
their training size. One seed makes one picture, whatever else is made beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from muslin import store
from muslin.errors import EXIT_MODEL, EXIT_USAGE, UserError
from muslin.garments.network import Network as _Network
from muslin.garments.network import fits, misfit
from muslin.images import as_pixels, resize, write_image
from muslin.restyle import metadata
from muslin.textiles import arrange
from muslin.textiles.exemplars import REPEAT, Look, StoredBank
from muslin.textiles.palette import parse_colors, repaint
from muslin.textiles.seamless import make_seamless

SIZE = 512  # px, of a print unless said otherwise
SMALLEST, LARGEST = 64, 8192  # px
MOST_UNITS = 16  # repeats of a swatch along a side of the tile
CANDIDATES = 4  # arrangements of which the discriminator's favourite is rendered


@dataclass(frozen=True, eq=False)
class Imagined:
    """One picture from noise. image: uint8 HxWx3. params: all it takes to make it again (restyle/metadata.py)."""

    image: np.ndarray
    params: dict[str, Any]

    def save(self, path: str | Path, *, overwrite: bool = False, strip_metadata: bool = False) -> Path:
        """Write the picture with its settings inside, unless stripped. Raises as `images.write_image` does."""
        text = None if strip_metadata else metadata.settings_to_text(self.params)
        xmp = None if strip_metadata else metadata.provenance_xmp(self.params)
        return write_image(path, self.image, text=text, xmp=xmp, overwrite=overwrite)


def imagine(look: str | Path = "print", n: int = 1, **controls: Any) -> np.ndarray:
    """`n` new pictures, uint8 n x H x W x 3. `controls` as for `Imaginer.pictures`; seeds count up from `seed`."""
    return np.stack([picture.image for picture in Imaginer(look).pictures(n, **controls)])


class Network(_Network):
    """A finished network that says how wide its inputs are."""

    def width(self, name: str) -> int:
        """Numbers in the last axis of the input `name`."""
        shapes = {item.name: item.shape for item in self.session.get_inputs()}
        if not shapes.get(name) or not isinstance(shapes[name][-1], int):
            raise misfit(f"the network '{self.path.name}' has no input '{name}' of a known width")
        return int(shapes[name][-1])


@dataclass(frozen=True)
class _Asked:
    """What all prints of one call have in common. size: width, height in px; units: repeats of a swatch along them."""

    size: tuple[int, int]
    units: tuple[int, int]
    other: Look | None  # takes part with `weight`
    weight: float
    choose: int

    def shares(self, look: Look) -> list[tuple[Look, float]]:
        if self.other is None or self.weight <= 0:
            return [(look, 1.0)]
        return [(self.other, 1.0)] if self.weight >= 1 else [(look, 1.0 - self.weight), (self.other, self.weight)]


class Imaginer:
    """A noise model, loaded once; makes any number of pictures.

    look: a model by name or folder, or a look of a print model by name ("floral_print"); "print:ikat" says both.
    Raises UserError (exit code 4) where there is neither, or where the model makes nothing from noise.
    """

    def __init__(self, look: str | Path = "print") -> None:
        self.model, self.look = find(look)
        self._given = str(look) if Path(look).resolve() == self.model.folder.resolve() else self.model.name
        self.generator = Network(self.model.file())
        self.prints = self.model.recipe == "print"
        if self.prints:
            self.bank = StoredBank(self.model.file)
            self.judge = Network(self.model.file("discriminator.onnx"))
        elif self.generator.inputs != ["latent"]:
            raise UserError(
                f"The model '{self.model.name}' makes nothing from noise.",
                received=f"a {self.model.recipe} model",
                possible="a print, dcgan or r3gan model, or a look: " + ", ".join(looks()),
                exit_code=EXIT_MODEL,
            )

    def pictures(
        self,
        n: int = 1,
        *,
        seed: int = 0,
        size: int | tuple[int, int] | None = None,
        mix: str | None = None,
        weight: float = 0.5,
        between: tuple[int, int] | None = None,
        scale: float = 1.0,
        palette: str | Sequence[Any] | None = None,
        tile: bool = False,
        choose: int = CANDIDATES,
    ) -> Iterator[Imagined]:
        """`n` pictures of the seeds seed, seed + 1, ...; or `n` steps from one seed to another.

        size: px, or (width, height); None: 512 for prints, the model's own for designs.
        mix: another look whose cloths take part, with `weight` in [0, 1] of the tile (prints only).
        between: two seeds; the pictures go from the first to the second.
        scale: size of the motifs, 1 = as in the swatches (prints only).
        palette: colours of the result, as `muslin restyle --palette` takes them.
        tile: make designs seamless; prints always are.
        choose: of so many arrangements the one that the discriminator likes best is taken (prints only).
        Raises UserError for controls that cannot be meant so.
        """
        width, height = self._size(size)
        _check(n, weight, scale, choose)
        if min((seed, *(between or ()))) < 0:
            raise UserError("A seed is 0 or more.", received=between or seed, exit_code=EXIT_USAGE)
        if not self.prints and (mix is not None or scale != 1.0):
            raise UserError(
                "Only prints are mixed and scaled.", received=f"a {self.model.recipe} model", exit_code=EXIT_USAGE
            )
        if self._paints and (mix is not None or between is not None):
            raise UserError(
                "Prints painted pixel by pixel are not mixed, and have no steps between them.",
                received=f"the model '{self.model.name}', trained with synthesis=paint",
                advice="Prints arranged from cloths, which is the default, are and have.",
                exit_code=EXIT_USAGE,
            )
        colors: Sequence[Any] | None = parse_colors(palette) if isinstance(palette, str) else palette
        controls = {"look": self.look, "mix": mix, "weight": weight if mix else None, "scale": scale,
                    "palette": palette, "tile": tile or self.prints, "choose": choose}  # fmt: skip
        seeds = [seed + number for number in range(n)]
        steps = np.linspace(0.0, 1.0, n).tolist() if between is not None and n > 1 else [0.5] * n
        if self.prints:
            asked = _Asked((width, height), self._units(width, height, scale), self._other(mix), weight, choose)
            made = self._prints(asked, seeds, between, steps)
        else:
            shown = zip(seeds, steps, strict=True)
            made = (self._design((width, height), between or (own,), step, tile) for own, step in shown)
        for own, step, image in zip(seeds, steps, made, strict=True):
            image = repaint(image, colors) if colors else image
            extra = {"between": [*between, round(step, 4)]} if between is not None else {}
            yield Imagined(image, self._params(own, image, {**controls, **extra}))

    # ---------------------------------------------------------------------------------------------------- prints

    def _prints(
        self, asked: _Asked, seeds: Sequence[int], between: tuple[int, int] | None, steps: Sequence[float]
    ) -> Iterator[np.ndarray]:
        """One for each seed; or, between two seeds, one for each step."""
        if self._paints:
            yield from (self._painted(asked, seed) for seed in seeds)
        elif between is None:
            yield from (arrange.render(*self._favourite(asked, seed), *asked.size) for seed in seeds)
        else:
            first, last = (self._favourite(asked, end)[0] for end in between)
            for step in steps:
                arrangement = arrange.between(first, last, step)
                yield arrange.render(arrangement, self._fields(arrangement), *asked.size)

    @property
    def _paints(self) -> bool:
        return self.model.card.get("synthesis") == "paint"

    def _painted(self, asked: _Asked, seed: int) -> np.ndarray:
        """A print of the plain generator, enlarged across its border."""
        noise = arrange.draw_noise(np.random.default_rng((seed, 0)), asked.units)[:, ::2, ::2]
        noise = noise.transpose(1, 2, 0, 3).reshape(1, *noise.shape[1:3], -1)
        code = self.bank[self._look_of(seed)].style_code[None]
        made = next(iter(self.generator(noise=np.ascontiguousarray(noise), style_code=code).values()))
        image = fits("image", made, 1, None, None, 3)[0]
        width, height = asked.size
        grow_y, grow_x = arrange.upsampling(image.shape[0], height), arrange.upsampling(image.shape[1], width)
        image = np.einsum("Yy,yxc,Xx->YXc", grow_y, image, grow_x, optimize=True)
        return as_pixels(image)

    def _favourite(self, asked: _Asked, seed: int) -> tuple[arrange.Arrangement, np.ndarray]:
        """Of a few arrangements the one that passes best for real cloth of its look."""
        best: tuple[float, arrange.Arrangement, np.ndarray] | None = None
        name = self._look_of(seed)
        for candidate in range(asked.choose):
            drawn = arrange.draw(np.random.default_rng((seed, candidate)), asked.shares(self.bank[name]), asked.units)
            fields = self._fields(drawn)
            liking = self._liking(drawn, fields, name) if asked.choose > 1 else 0.0
            if best is None or liking > best[0]:
                best = (liking, drawn, fields)
        assert best is not None
        return best[1], best[2]

    def _look_of(self, seed: int) -> str:
        """The look that was asked for; of a model of many, one by chance."""
        return self.look or self._names[int(np.random.default_rng((seed, 7)).integers(len(self._names)))]

    def _other(self, mix: str | None) -> Look | None:
        if mix is None or mix in self.bank:
            return None if mix is None else self.bank[mix]
        model, look = find(mix)
        bank = StoredBank(model.file)
        return bank[look or next(iter(bank))]

    def _fields(self, arrangement: arrange.Arrangement) -> np.ndarray:
        return fits("fields", self.generator(**arrangement.inputs())["fields"], 1, None, None, None, None)[0]

    def _liking(self, arrangement: arrange.Arrangement, fields: np.ndarray, name: str) -> float:
        """The discriminator's mean logit."""
        size = int(self.model.card.get("size", 64))  # px of a unit as the discriminator saw it
        small = arrange.render(arrangement, fields, size * arrangement.units[0], size * arrangement.units[1])
        one_hot = np.zeros((1, self.judge.width("look")), np.float32)
        one_hot[0, self._names.index(name)] = 1.0
        image = small[None].astype(np.float32) / 127.5 - 1.0
        return float(next(iter(self.judge(image=image, look=one_hot).values())).mean())

    @property
    def _names(self) -> list[str]:
        return [str(name) for name in self.model.card.get("looks", ())]

    def _units(self, width: int, height: int, scale: float) -> tuple[int, int]:
        across, down = (max(1, round(side / (REPEAT * scale))) for side in (width, height))
        if max(across, down) > MOST_UNITS:
            raise UserError(
                "So many small motifs do not fit on one tile.",
                received=f"{width} x {height} px at scale {scale:g}",
                possible=f"scale {max(width, height) / (REPEAT * MOST_UNITS):.2g} or more at that size",
                advice="A smaller tile repeats without a seam.",
                exit_code=EXIT_USAGE,
            )
        return across, down

    # --------------------------------------------------------------------------------------------------- designs

    def _design(self, size: tuple[int, int], seeds: Sequence[int], step: float, tile: bool) -> np.ndarray:
        """Of one seed, or `step` of the way between two; in the model's own size where `size` is (0, 0)."""
        latents = [self._latent(one) for one in seeds]
        latent = latents[0] if len(latents) == 1 else spherical(latents[0], latents[1], step)
        made = fits("image", next(iter(self.generator(latent=latent[None]).values())), 1, None, None, 3)[0]
        image = as_pixels(made)
        image = make_seamless(image) if tile else image
        return image if size == (0, 0) else resize(image, *size)

    def _latent(self, seed: int) -> np.ndarray:
        length = self.generator.width("latent")
        return np.random.default_rng(seed).standard_normal(length).astype(np.float32)

    # ---------------------------------------------------------------------------------------------------- common

    def _size(self, size: int | tuple[int, int] | None) -> tuple[int, int]:
        if size is None:
            return (SIZE, SIZE) if self.prints else (0, 0)
        width, height = (size, size) if isinstance(size, int) else size
        if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
            raise UserError(
                "That size cannot be made.",
                received=f"{width} x {height} px",
                possible=f"{SMALLEST} to {LARGEST} px a side",
                exit_code=EXIT_USAGE,
            )
        return width, height

    def _params(self, seed: int, image: np.ndarray, controls: dict[str, Any]) -> dict[str, Any]:
        return metadata.describe(
            model=metadata.model_entry(self.model, self._given),
            source=None,
            styles=(),
            mask={"kind": "none"},
            seed=seed,
            size=image.shape[1::-1],
            controls=controls,
            kind="imagine",
        )


def find(look: str | Path) -> tuple[store.Model, str | None]:
    """(model, look or None for any of its looks) of a model's name or folder, a look's name, or "MODEL:LOOK"."""
    text = str(look)
    model_name, separator, wanted = text.rpartition(":")
    if separator and model_name and not Path(text).exists():
        model = store.load(model_name)
        names = list(model.card.get("looks", ()))
        if wanted not in names:
            raise UserError(
                f"The model '{model_name}' knows no such look.", received=wanted, possible=names, exit_code=EXIT_MODEL
            )
        return model, wanted
    try:
        model = store.load(text)
    except UserError:
        for model in store.models():
            if model.recipe == "print" and text in model.card.get("looks", ()):
                return model, text
        if Path(text).exists():
            raise
        raise UserError(
            "There is no look or model of that name.",
            received=text,
            possible=looks() + [one.name for one in store.models() if one.recipe in ("print", "dcgan", "r3gan")],
            advice="Learn your own: muslin learn SWATCHES/ --name mylook",
            exit_code=EXIT_MODEL,
        ) from None
    names = list(model.card.get("looks", ()))
    return model, names[0] if model.recipe == "print" and len(names) == 1 else None


def looks() -> list[str]:
    """Looks of all installed print models, by name."""
    prints = [model for model in store.models() if model.recipe == "print"]
    return sorted({str(name) for model in prints for name in model.card.get("looks", ())})


def spherical(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Between two Gaussian vectors along the great circle, which keeps their length (White 2016, section 2.1)."""
    cosine = float(np.dot(first, second) / (np.linalg.norm(first) * np.linalg.norm(second)))
    angle = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
    if angle < 1e-4:
        return ((1 - share) * first + share * second).astype(np.float32)
    mixed = np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    return (mixed / np.sin(angle)).astype(np.float32)


def _check(n: int, weight: float, scale: float, choose: int) -> None:
    for what, value, good, possible in (
        ("number of pictures", n, 1 <= n <= 10_000, "1 to 10,000"),
        ("weight of the second look", weight, 0 <= weight <= 1, "0 to 1"),
        ("scale", scale, 0.1 <= scale <= 32, "0.1 to 32"),
        ("number of candidates", choose, 1 <= choose <= 64, "1 to 64"),
    ):
        if not good:
            raise UserError(f"That {what} cannot be.", received=value, possible=possible, exit_code=EXIT_USAGE)


class _Callable(ModuleType):
    """`muslin.imagine` is this module as soon as anyone has imported it; the public function has the same name."""

    def __call__(self, look: str | Path = "print", n: int = 1, **controls: Any) -> np.ndarray:
        return imagine(look, n, **controls)


sys.modules[__name__].__class__ = _Callable
