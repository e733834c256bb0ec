"""What teach_pieces.py learns from, kept in files: rendered garments whose pieces are known, and photos of garments.

Of each: the square as the network of pieces sees it (image, mask, what the drape network knows of each place), the maps
of the feature network for the teacher, the pieces. Networks that stay as they are see each square once; their answers
are kept in a byte each.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from muslin import store
from muslin.data.drape_stream import ROLES_IN_THE_MIRROR, _camera
from muslin.data.found_masks import found_mask
from muslin.data.graphics import any_dye, badge, drawing, words
from muslin.data.photos import clean_mask, held_out, load_swatches, photo_paths, read_quickly
from muslin.data.truth import Render, render
from muslin.garments.fields import GEOMETRY, SIZE, garment_square, predict_fields
from muslin.garments.framing import about_centre, garment_box, garment_frame, rotation
from muslin.garments.network import Network
from muslin.garments.pieces import ROLES
from muslin.images import at_most, linear_to_srgb, srgb_to_linear

FIRST_SEED = 77_000_000
KINDS = (
    *["jacket"] * 5, *["shirt"] * 4, *["hoodie"] * 3, *["t-shirt"] * 3, *["polo", "blazer", "coat", "long sleeve"] * 2,
    *["dress", "trousers"] * 2, "tank top", "skirt", "shorts", "shoe", "hat", "bag",
)  # fmt: skip
MOST = {"t-shirt": 350, "pants": 250, "shorts": 120, "shoes": 120, "hat": 60, "longsleeve": 400, "dress": 220}
OF_ANOTHER_COLOUR = (  # chance and roles of trims and linings
    (0.5, ("inside",)), (0.3, ("stand",)), (0.3, ("left collar", "right collar")), (0.3, ("band",)),
    (0.3, ("left cuff", "right cuff")), (0.3, ("strip",)), (0.3, ("pocket",)), (0.1, ("left limb", "right limb")),
)  # fmt: skip
STAGES = ("stage_4", "stage_8", "stage_16", "stage_32")  # maps of the feature network
BATCH = 8
DRAPE = store.load("drape").file("generator.onnx")
FEATURES = store.load("features").file("network.onnx")


class Samples:
    """Arrays of N samples in `folder`, NAME_*.npy; bytes of what networks said, with the scale of each channel."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.read()

    def read(self) -> None:
        found = sorted(self.folder.glob(f"{self.name}_*.npy"))
        self.fields = {path.stem.removeprefix(f"{self.name}_"): np.load(path, "r") for path in found}
        scale = self.folder / "scale.npz"  # one for all sets of a folder: a byte means the same in each
        self.scale = dict(np.load(scale)) if scale.is_file() else {}

    def __len__(self) -> int:
        return min(map(len, self.fields.values()))

    def batch(self, indices: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
        return {name: self._taken(name, indices) for name in names}

    def _taken(self, name: str, indices: np.ndarray) -> np.ndarray:
        values = np.stack([self.fields[name][i] for i in indices])
        if name == "image":
            return values.astype(np.float32) / 127.5 - 1
        if name == "mask":
            return values[..., None].astype(np.float32) / 255
        if name in self.scale:
            low, high = self.scale[name].astype(np.float32)
            return values * ((high - low) / 255) + low
        return values

    def write(self, squares: Iterator[dict[str, Any]], count: int) -> int:
        """Ask the networks for at most `count` squares (image, mask at SIZE px, and what else is known of them)."""
        drape, features = Network(DRAPE), Network(FEATURES)
        self.read()
        waiting, files, done = [], {}, 0
        self.folder.mkdir(parents=True, exist_ok=True)
        for square in squares:
            waiting.append(square)
            if len(waiting) == BATCH or done + len(waiting) == count:
                done = self._written(waiting, drape, features, files, done, count)
                waiting = []
            if done == count:
                break
        if waiting:
            done = self._written(waiting, drape, features, files, done, count)
        self.read()
        return done

    def _written(self, squares: list, drape: Network, features: Network, files: dict, done: int, count: int) -> int:
        area, size = cv2.INTER_AREA, (GEOMETRY, GEOMETRY)
        images = np.stack([square.pop("image") for square in squares])
        masks = [cv2.resize(square.pop("mask"), size, interpolation=area) for square in squares]
        small = np.stack([cv2.resize(image, size, interpolation=area) for image in images])
        known = drape(image=small.astype(np.float32) / 127.5 - 1, mask=np.stack(masks)[..., None])["known"]
        seen = features.session.run(list(STAGES), {"image": images.astype(np.float32) / 127.5 - 1})
        said = {"known": known} | {k: x.transpose(0, 2, 3, 1) for k, x in zip(STAGES, seen, strict=True)}
        if not self.scale:
            self.scale = {name: _range(value) for name, value in said.items()}
            np.savez(self.folder / "scale.npz", **self.scale)
        here = {"image": small, "mask": np.round(255 * np.stack(masks)).astype(np.uint8)}
        for name, value in said.items():
            low, high = self.scale[name]
            here[name] = np.clip(np.round((value - low) / (high - low) * 255), 0, 255).astype(np.uint8)
        here |= {name: np.stack([square[name] for square in squares]) for name in squares[0]}
        for name, value in here.items():
            if name not in files:
                path = self.folder / f"{self.name}_{name}.npy"
                files[name] = np.lib.format.open_memmap(path, "w+", value.dtype, (count, *value.shape[1:]))
            files[name][done : done + len(squares)] = value
        return done + len(squares)


def _range(value: np.ndarray) -> np.ndarray:
    """What a byte spans of each channel: 2 x C."""
    low, high = np.quantile(value.reshape(-1, value.shape[-1]), (0.0005, 0.9995), axis=0)
    return np.stack([low - 0.15 * (high - low), high + 0.3 * (high - low) + 1e-6])


def garments(data: Path, first: int = FIRST_SEED) -> Iterator[dict[str, Any]]:
    """Rendered garments without end; half of them plain, a quarter in a swatch of DATA, some with a picture or words on
    their front, some with trims and linings of another colour."""
    swatches = load_swatches(data)
    seed = first
    while True:
        rng = np.random.default_rng(seed)
        kind, drawn = KINDS[rng.integers(len(KINDS))], rng.random()
        textile = swatches[rng.integers(len(swatches))] if swatches and 0.5 <= drawn < 0.75 else None
        shown = render(seed, SIZE, kind=kind, textile=textile, plain=drawn < 0.5)
        linear = srgb_to_linear(shown.photo)
        if drawn < 0.5 and rng.random() < 0.3:
            linear = _with_a_picture(rng, shown, linear)
        if rng.random() < 0.3:
            linear = _with_trims(rng, shown, linear)
        yield _square(rng, shown, _camera(rng, linear_to_srgb(np.clip(linear, 0, 1))))
        seed += 1


def _with_a_picture(rng: np.random.Generator, shown: Render, linear: np.ndarray) -> np.ndarray:
    """Words, a drawing or a badge on the front: none of them is a pocket."""
    own = (linear * shown.mask[..., None]).sum((0, 1)) / (shown.mask.sum() + 1e-3)
    ground = np.broadcast_to(own, linear.shape).astype(np.float32)
    what = rng.random()
    if what < 0.7:
        albedo = (words if what < 0.4 else drawing)(rng, ground, shown.mask)
    else:
        albedo = badge(rng, ground, shown.mask, np.broadcast_to(any_dye(rng), ground.shape).astype(np.float32))
    front = np.isin(shown.roles, (1, 2, 3)).astype(np.float32)[..., None]
    return linear * (albedo / np.maximum(ground, 1e-4) * front + 1 - front)


def _with_trims(rng: np.random.Generator, shown: Render, linear: np.ndarray) -> np.ndarray:
    linear = linear.copy()
    for chance, roles in OF_ANOTHER_COLOUR:
        here = np.isin(shown.roles, [1 + ROLES.index(role) for role in roles])
        if rng.random() < chance and here.any():
            linear[here] *= np.clip(any_dye(rng) / np.maximum(linear[here].mean(0), 0.01), 0.05, 8)
    return linear


def _square(rng: np.random.Generator, shown: Render, photo: np.ndarray) -> dict[str, Any]:
    """Turned and zoomed a little, half of them in the mirror; roles at GEOMETRY px, grain at half of it."""
    frame = garment_frame(garment_box(shown.mask), SIZE)
    turn, across = np.exp(rng.uniform(-0.1, 0.04)) * rotation(rng.normal(0, 3)), rng.choice((-1.0, 1.0))
    frame = about_centre(turn @ np.diag([across, 1.0]), frame, SIZE)
    image, mask = garment_square(photo, shown.mask, frame, SIZE)
    roles, piece = (
        cv2.warpAffine(field, frame, (SIZE, SIZE), flags=cv2.INTER_NEAREST)[1::2, 1::2]
        for field in (shown.roles, shown.pieces)
    )
    grain = shown.grain[piece[1::2, 1::2]] * across
    roles = ROLES_IN_THE_MIRROR[roles] if across < 0 else roles
    upright = np.stack([np.cos(grain), np.sin(grain)], -1).astype(np.float16)
    return {"image": image, "mask": mask, "roles": roles.astype(np.uint8), "grain": upright}


def photos(data: Path) -> list[tuple[str, Path]]:
    """Key and path of photos of the training side, of no kind too many, in an order of their own."""
    seen: dict[str, int] = {}
    chosen = []
    for key, path in photo_paths(data):
        kind = key.split("/")[0]
        if not held_out(key):
            seen[kind] = seen.get(kind, 0) + 1
            if seen[kind] <= MOST.get(kind, len(seen) * 10_000):
                chosen.append((key, path))
    return sorted(chosen, key=lambda photo: hashlib.md5(photo[0].encode()).hexdigest())


def views(data: Path, key: str, path: Path, drape: Network) -> list[dict[str, Any]]:
    """A photo as it is, in the mirror, and turned and zoomed; nothing where no garment is found. With the light and the
    logits of panels as the drape network sees them in the first view."""
    pixels = read_quickly(path, cv2.IMREAD_COLOR)
    if pixels is None:
        return []
    pixels = np.ascontiguousarray(at_most(pixels, 400)[..., ::-1])
    given = read_quickly(data / "garment_masks" / Path(key).with_suffix(".png"), cv2.IMREAD_GRAYSCALE)
    mask = found_mask(path, pixels) if given is None else clean_mask(given)
    if mask is None or mask.mean() < 5:
        return []
    alpha = cv2.resize(mask, pixels.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    read = predict_fields(pixels, alpha, drape)
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    turn = np.exp(rng.uniform(-0.12, 0.05)) * rotation(rng.normal(0, 5)) @ np.diag([rng.choice((-1.0, 1.0)), 1.0])
    frames = [read.frame, *(about_centre(one, read.frame, SIZE) for one in (np.diag([-1.0, 1.0]), turn))]
    light, panels = read.shading.astype(np.float16), read.panels.astype(np.float16)
    found = []
    for frame in frames:
        image, inside = garment_square(pixels, alpha, frame, SIZE)
        found.append({"image": image, "mask": inside, "frame": frame, "light": light, "panels": panels})
    return found
