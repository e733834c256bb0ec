"""A line drawing becomes a garment: scans and photographs of sketches, through a pix2pix model.

The drawing's paper is evened, its own square is brought to the size that the network was trained at, and paint inside
the outline tells it a colour: what the designer painted, a palette, or one of the training garments' colours, by seed.
The result comes back at the drawing's size, on white, its outline and lines as sharp as the drawing's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store
from muslin.data.scan import drawing_frame, drawn_region, even_paper, has_paint, ink_of, prepared
from muslin.errors import EXIT_USAGE, UserError
from muslin.garments import masks
from muslin.garments.network import Network, fits
from muslin.restyle import metadata
from muslin.restyle.controls import within
from muslin.restyle.restyler import PhotoLike, as_photo
from muslin.restyle.translate import Translated
from muslin.textiles.palette import parse_colors

LINES = 0.5  # how much of the drawing's own ink stays on the cloth
SURE = 0.6  # overlap of outline and painted cloth from which the outline cuts the cloth out
CONTROLS = ("palette", "strength", "lines")


def takes_drawings(model: store.Model) -> bool:
    """Whether a model was trained on drawings, so that its pictures are used whole and may be painted."""
    return model.role == "pix2pix" and bool(model.card.get("drawing"))


def check_controls(style: Sequence[Any], controls: dict[str, Any]) -> None:
    """Raises UserError (usage) for swatches and for controls that a drawing has not."""
    if style:
        raise UserError(
            "A model of drawings takes no --style: it paints cloth, it does not lay it.",
            advice="Choose colours with --palette; a swatch can be laid on the result, with the model drape.",
            exit_code=EXIT_USAGE,
        )
    unknown = [name for name in controls if name not in CONTROLS]
    if unknown:
        raise UserError(
            "A model of drawings has no such control.",
            received=", ".join(unknown),
            possible=", ".join(CONTROLS),
            exit_code=EXIT_USAGE,
        )


class Dresser:
    """Loads a model of drawings once; dresses any number of them."""

    def __init__(self, model: str | Path, threads: int | None = None) -> None:
        self._model, self._given = store.load(model), str(model)
        if not takes_drawings(self._model):
            raise UserError(f"The model '{self._model.name}' was not trained on drawings.", exit_code=EXIT_USAGE)
        self._network = Network(self._model.file(), threads)

    def variants(
        self,
        photo: PhotoLike,
        style: Sequence[Any] = (),
        n: int = 1,
        mask: Any = None,
        *,
        seed: int = 0,
        start: int = 0,
        palette: str | Sequence[str] | None = None,
        strength: float = 1.0,
        lines: float = LINES,
        **controls: Any,
    ) -> Iterator[Translated]:
        """`n` garments for one drawing, in the colours of the palette in turn, or in colours drawn by seed.

        start: so many are passed over, and not painted.

        palette: colours as "#aabbcc,navy". None: the drawing's own paint first, if it has any. strength: 0 = the
        drawing, 1 = the garment. lines: how much ink stays. mask: of no use here, a drawing is used whole.
        Raises UserError for a swatch, for values outside 0 to 1 and for files that cannot be read.
        """
        check_controls(style, controls)
        strength, lines = within("strength", strength, 0, 1), within("lines", lines, 0, 1)
        read = as_photo(photo)
        drawing = even_paper(read.pixels)
        region = drawn_region(drawing)
        for colour in self._colours(palette, start + n, seed, has_paint(drawing, region))[start:]:
            made = self.paint(drawing, region, colour, lines)
            image = np.round(read.pixels + np.float32(strength) * (made.astype(np.float32) - read.pixels))
            params = metadata.describe(
                model=metadata.model_entry(self._model, self._given),
                source=read.path,
                styles=[],
                mask={"kind": "none"},
                seed=seed,
                size=made.shape[1::-1],
                controls={
                    "strength": strength,
                    "lines": float(lines),
                    **({} if colour is None else {"palette": ["#" + bytes(_bytes(colour)).hex()]}),
                },
            )
            yield Translated(image.astype(np.uint8), params, read, masks.whole(*made.shape[:2]))

    def restyle(self, photo: PhotoLike, mask: Any = None, **controls: Any) -> Translated:
        """The first of `variants`."""
        return next(self.variants(photo, mask=mask, **controls))

    def paint(
        self, drawing: np.ndarray, region: np.ndarray, colour: np.ndarray | None, lines: float = LINES
    ) -> np.ndarray:
        """uint8 HxWx3 on white paper, its inside uint8 HxW, sRGB in [0, 1] -> uint8 HxWx3 of the same size."""
        size = int(self._model.card.get("size", 64))
        frame = drawing_frame(drawing, size)
        source = prepared(drawing, frame, size, colour, region)
        made = fits("image", next(iter(self._network(image=source[None]).values())), 1, size, size, 3)[0] / 2 + 0.5
        return enlarged(made, frame, region, drawing, lines)

    def _colours(
        self, palette: str | Sequence[str] | None, n: int, seed: int, painted: bool
    ) -> list[np.ndarray | None]:
        """sRGB in [0, 1] for each variant; None leaves the drawing's own paint."""
        if palette is not None:
            given = parse_colors(palette if isinstance(palette, str) else ",".join(palette))
            chosen = [None if colour is None else np.asarray(colour, np.float32) / 255 for colour in given]
            return [chosen[index % len(chosen)] for index in range(n)]
        known = [
            np.frombuffer(bytes.fromhex(text[1:]), np.uint8) / 255 for text in self._model.card.get("colours") or []
        ]
        if not known:
            return [None] * n
        order = np.concatenate(
            [np.random.default_rng((seed, turn)).permutation(len(known)) for turn in range(-(-n // len(known)))]
        )
        drawn: list[np.ndarray | None] = [known[index] for index in order[:n]]
        return [None, *drawn[: n - 1]] if painted else drawn


def enlarged(
    made: np.ndarray, frame: np.ndarray, region: np.ndarray, drawing: np.ndarray, lines: float = LINES
) -> np.ndarray:
    """What the network made, at the drawing's size on white: cut out along the outline, with the drawing's own ink.

    made: float32 SxSx3 in [0, 1]. frame: 2x3, drawing -> square. Where outline and cloth disagree (an outline that
    does not close, white cloth) nothing is cut and the enlarged picture stands alone.
    """
    size, (height, width) = len(made), drawing.shape[:2]
    inside = cv2.warpAffine(region, frame.astype(np.float64), (size, size), flags=cv2.INTER_AREA) > 127
    cloth = made.min(axis=2) < 0.92
    union = float((inside | cloth).sum())
    sure = union > 0 and float((inside & cloth).sum()) / union > SURE
    colour = _continued(made, inside & cloth) if sure else made
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    large = cv2.warpAffine(
        colour.astype(np.float32),
        frame.astype(np.float64),
        (width, height),
        flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if sure:
        near = cv2.dilate(cloth.astype(np.float32), np.ones((3, 3), np.uint8))
        near = cv2.warpAffine(
            near, frame.astype(np.float64), (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        alpha = cv2.GaussianBlur(region.astype(np.float32) / 255, (0, 0), max(0.6, max(height, width) / 700))
        alpha = (alpha * np.clip(near, 0, 1))[..., None]
        large = large * alpha + 1 - alpha
    ink = ink_of(drawing)[..., None]
    return np.round(255 * np.clip(large * (1 - lines * ink), 0, 1)).astype(np.uint8)


def _continued(made: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The cloth's colours, continued outwards from a pixel inside its border. float32 SxSx3, bool SxS."""
    core = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(np.float32)
    if core.sum() < 4:
        return made
    result, missing = made.copy(), core < 0.5
    for sigma in (1.0, 2.5, 0.2 * len(made)):
        weight = cv2.GaussianBlur(core, (0, 0), sigma)
        reached = missing & (weight > 0.01)
        blurred = cv2.GaussianBlur(made * core[..., None], (0, 0), sigma)
        result[reached] = blurred[reached] / weight[reached][..., None]
        missing &= ~reached
    return result


def _bytes(colour: np.ndarray) -> list[int]:
    return [int(value) for value in np.round(np.clip(colour, 0, 1) * 255)]
