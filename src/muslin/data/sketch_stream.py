"""Batches of source and target for `pix2pix`, the sources redrawn and painted as by hand."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from muslin.data.lines import Lines, lines_of
from muslin.data.pairs import Pair
from muslin.data.scan import drawn_region
from muslin.data.sketch import on_paper, painted, paper, redraw
from muslin.garments.framing import about_centre, rotation

ROOM = 1.25  # pairs are kept so much larger than the pictures in a batch, so that turning and zooming lose little
ZOOM = (0.78, 1.04)  # of the garment's square in the picture


class SketchStream:
    """Pairs, shuffled, mirrored, moved and (as drawings) drawn anew, as a pure function of (seed, images_seen)."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        size: int,
        batch_size: int,
        seed: int = 0,
        *,
        redrawn: float = 0.85,
        painted: float = 0.6,
        drawings: bool = True,
    ) -> None:
        """pairs: of ROOM * size px. redrawn: share of the sources that a hand draws; painted: share with a wash.

        drawings: sources are lines on paper; False: pictures of any kind, which are used as they are.
        """
        self.pairs, self.size, self.batch_size, self.seed = pairs, size, batch_size, seed
        self.redrawn, self.painted, self.drawings = redrawn, painted, drawings
        self.lines = [self._lines(pair) for pair in pairs] if drawings else []

    def batch(self, images_seen: int) -> dict[str, np.ndarray]:
        """source, target: float32 batch x size x size x 3 in [-1, 1]."""
        made = [self._sample(int(index), images_seen + place) for place, index in enumerate(self._order(images_seen))]
        return {"source": np.stack([source for source, _ in made]), "target": np.stack([target for _, target in made])}

    def plain(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The first `count` pairs without any chance in them. (source, target), uint8 N x size x size x 3."""
        small = (self.size, self.size)
        chosen = [self.pairs[index * len(self.pairs) // count % len(self.pairs)] for index in range(count)]
        shrunk = [[cv2.resize(p, small, interpolation=cv2.INTER_AREA) for p in (c.source, c.target)] for c in chosen]
        return np.stack([source for source, _ in shrunk]), np.stack([target for _, target in shrunk])

    def colours(self, count: int = 24) -> list[str]:
        """The garments' colours as #rrggbb, the most frequent groups first (median colours, k-means in Lab)."""
        found = []
        for pair in self.pairs:
            region = drawn_region(pair.source) if pair.mask is None else pair.mask
            if (region > 200).any():
                found.append(np.median(pair.target[region > 200], axis=0))
        if not found:
            return []
        lab = cv2.cvtColor(np.array([found]).round().astype(np.uint8), cv2.COLOR_RGB2LAB)[0].astype(np.float32)
        cv2.setRNGSeed(0)
        stop = (cv2.TERM_CRITERIA_COUNT, 30, 0)
        _, labels, centres = cv2.kmeans(lab, min(count, len(lab)), None, stop, 1, cv2.KMEANS_PP_CENTERS)
        order = np.argsort(-np.bincount(labels.ravel(), minlength=len(centres)), kind="stable")
        rgb = cv2.cvtColor(centres[order][None].round().astype(np.uint8), cv2.COLOR_LAB2RGB)[0]
        return ["#" + bytes(colour).hex() for colour in rgb]

    def _lines(self, pair: Pair) -> Lines:
        return lines_of(cv2.cvtColor(pair.source, cv2.COLOR_RGB2GRAY), pair.mask)

    def _order(self, images_seen: int) -> np.ndarray:
        """Indices of one batch: consecutive places in an endless row of shuffles."""
        places = images_seen + np.arange(self.batch_size)
        count = len(self.pairs)
        rounds = {
            turn: np.random.default_rng((self.seed, 0, int(turn))).permutation(count)
            for turn in np.unique(places // count)
        }
        return np.array([rounds[place // count][place % count] for place in places])

    def _sample(self, index: int, place: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.seed, 1, place))
        pair, size = self.pairs[index], self.size
        frame = _random_frame(rng, len(pair.target), size, framed=pair.mask is not None)
        border = cv2.BORDER_CONSTANT if pair.mask is not None else cv2.BORDER_REPLICATE
        target = cv2.warpAffine(
            pair.target, frame, (size, size), flags=cv2.INTER_AREA, borderMode=border, borderValue=(255, 255, 255)
        ).astype(np.float32) / 255  # fmt: skip
        if self.drawings:
            source = self._sketch(rng, index, frame, target)
        else:
            source = cv2.warpAffine(pair.source, frame, (size, size), flags=cv2.INTER_AREA, borderMode=border)
            source = source.astype(np.float32) / 127.5 - 1
        return source.astype(np.float32), target * 2 - 1

    def _sketch(self, rng: np.random.Generator, index: int, frame: np.ndarray, target: np.ndarray) -> np.ndarray:
        lines, size = self.lines[index], self.size
        by_hand = rng.random() < self.redrawn
        ground = paper(rng, size) if by_hand else np.ones((size, size, 3), np.float32)
        if rng.random() < self.painted:
            mask = self.pairs[index].mask
            region = drawn_region(self.pairs[index].source) if mask is None else mask
            region = cv2.warpAffine(region, frame, (size, size)).astype(np.float32) / 255
            ground = painted(rng, target, region, ground)
        if by_hand:
            ink = redraw(rng, lines, frame, size)
        else:
            ink = cv2.warpAffine(lines.soft, frame, (size, size)).astype(np.float32) / 255
        return on_paper(ink, ground)


def _random_frame(rng: np.random.Generator, side: int, size: int, *, framed: bool) -> np.ndarray:
    """From a pair's square to the batch's: mirrored, turned, zoomed, shifted. Unframed pairs fill their picture and
    are only jittered, as in the paper (section 6.2). 2x3 float32."""
    shrink = size / side
    frame = np.array([[shrink, 0, (shrink - 1) / 2], [0, shrink, (shrink - 1) / 2]], np.float32)
    mirror = rng.choice((-1.0, 1.0))
    if not framed:
        zoom = rng.uniform(1.0, 1.12)
        frame = about_centre(np.diag([mirror * zoom, zoom]), frame, size)
        room = (zoom - 1) * size / 2
        return frame + np.array([[0, 0, rng.uniform(-room, room)], [0, 0, rng.uniform(-room, room)]], np.float32)
    zoom, stretch = rng.uniform(*ZOOM), np.exp(rng.normal(0, 0.05))
    linear = zoom * rotation(rng.normal(0, 3)) @ np.diag([mirror * stretch, 1 / stretch])
    frame = about_centre(linear, frame, size)
    shift = rng.normal(0, 0.025, 2) * size
    return frame + np.array([[0, 0, shift[0]], [0, 0, shift[1]]], np.float32)
