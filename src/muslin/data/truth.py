"""The truth world: rendered photographs of garments whose mask, shading and warp are known exactly.

A garment is a stack of flat panels (silhouettes) with a relief of folds each (relief). The light on the
relief is the shading; the cloth that lies in the folds is the warp. Everything but the cloth's own colour,
and how much light it throws into its folds, depends on the seed only, so the same seed in another textile is
the same garment, photographed again, in another cloth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from muslin.data.backdrops import backdrop, noise
from muslin.data.panels import Mood, Panel, curve, to_frame
from muslin.data.relief import Grid, Light, arc_excess, eased, log_gain, relief, slopes
from muslin.data.silhouettes import FRONTS, KINDS
from muslin.errors import UserError
from muslin.garments.interreflection import depth, reflectance
from muslin.garments.pieces import ROLES
from muslin.images import linear_to_srgb, srgb_to_linear
from muslin.textiles.procedural import TEXTILES, cached_swatch
from muslin.textiles.repeat import Cloth

FloatArray = NDArray[Any]
ByteArray = NDArray[Any]

GARMENTS: tuple[str, ...] = tuple(KINDS)
MIDDLING = 0.22  # reflectance at which folds have the contrast that the light asks for; of the median textile 0.26
HANGING = ("t-shirt", "tank top", "long sleeve", "shirt", "blazer", "coat", "dress")  # at times on a hanger


@dataclass(frozen=True)
class Render:
    """One rendered photograph and what it was made of. h x w = the picture's size.

    photo: uint8 [h, w, 3] sRGB. mask: float32 [h, w] in [0, 1], 1 = garment.
    shading: float32 [h, w], gain in linear light, median 1 inside the mask, 1 outside; its logarithm is proportional
        to interreflection.depth of the cloth.
    warp: float32 [h, w, 2] pixels, 0 outside the mask: the pixel (x, y) shows the cloth at u = x - cx + warp[..., 0],
        v = y - cy + warp[..., 1], where (cx, cy) = `center` is the middle of the mask's bounding box (mask >= 0.5;
        (first + last) / 2 in pixel indices). So at rest, without folds and rotation, the warp is 0 and the cloth's
        origin (0, 0), the first pixel of a repeat, lies at the centre; colours are those of
        textiles.repeat.Cloth(swatch).sample(u, v, scale).
        Anchors, where the warp is 0: the body (part 1) at the centre itself; a limb (parts 2, 3) at its own root
        (middle of the armhole, middle of the half waistband), trims (part 4) at their own middle. From there u runs
        across and v along the panel's grain, lengthened by the folds. Smooth inside a part, except trims, of which
        there may be several; jumps between parts, as at seams.
    parts: uint8 [h, w], 0 background, 1 body, 2 limb at the viewer's left, 3 limb at the viewer's right, 4 trim.
    pieces: uint8 [h, w], 0 background, k the k-th piece of cloth, counted from below: both leaves of a collar are
        trim, and two pieces.
    grain: float32 [k + 1], radians, how far each piece's grain is turned from upright (clockwise).
    opened: bool [h, w], where a piece is parted, as by a zip.
    roles: uint8 [h, w], 0 background, k the k-th of garments.pieces.ROLES.
    background: uint8 [h, w, 3] with the garment's shadow on it.
    palette: uint8 [n, 3], the cloth's main colours, most frequent first.
    swatch: the cloth as it was exposed (a named textile is darkened a little, so that highlights do not burn out; a
        given swatch is taken as it is). scale: photo pixels per pixel of `swatch`.
    """

    photo: ByteArray
    mask: FloatArray
    shading: FloatArray
    warp: FloatArray
    parts: ByteArray
    pieces: ByteArray
    grain: FloatArray
    opened: NDArray[np.bool_]
    roles: ByteArray
    background: ByteArray
    palette: ByteArray
    kind: str
    textile: str
    swatch: ByteArray
    scale: float
    center: tuple[float, float]
    seed: int


# ---------------------------------------------------------------- colour


def reconstruct(render: Render, swatch: ByteArray | None = None, scale: float | None = None) -> ByteArray:
    """The photo once more from the fields alone, uint8 [h, w, 3]: linear(cloth(u, v)) * shading over the
    background.

    With another swatch: the true restyled photo, the answer that a network should give (without camera
    noise); its folds are as deep as they are in that cloth.
    """
    shading = render.shading
    if swatch is None:
        swatch = render.swatch
    else:
        shading = shading ** np.float32(depth(reflectance(swatch)) / depth(reflectance(render.swatch)))
    x0, y0, x1, y1 = bounds((render.mask > 0).astype(np.uint8))
    inside = (slice(y0, y1), slice(x0, x1))
    u = np.arange(x0, x1, dtype=np.float32)[None] - np.float32(render.center[0]) + render.warp[inside][..., 0]
    v = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(render.center[1]) + render.warp[inside][..., 1]
    colors = Cloth(swatch).sample(u, v, render.scale if scale is None else scale)
    lit = np.clip(srgb_to_linear(colors) * shading[inside][..., None], 0, 1)
    mask = render.mask[inside][..., None]
    photo = render.background.copy()
    blended = linear_to_srgb(lit * mask + srgb_to_linear(render.background[inside]) * (1 - mask))
    photo[inside] = np.where(mask > 0, blended, photo[inside])
    return photo


def main_colors(swatch: ByteArray, count: int = 5) -> ByteArray:
    """The most frequent colours of a swatch, uint8 [n <= count, 3], most frequent first."""
    pixels = swatch[:: max(1, swatch.shape[0] // 48), :: max(1, swatch.shape[1] // 48)].reshape(-1, 3).astype(int)
    codes = (pixels[:, 0] // 40) * 64 + (pixels[:, 1] // 40) * 8 + pixels[:, 2] // 40
    frequency = np.bincount(codes, minlength=512)
    best = [code for code in np.argsort(-frequency, kind="stable")[:count] if frequency[code] > 0.015 * len(codes)]
    return np.array([pixels[codes == code].mean(0) for code in best or [codes[0]]]).round().astype(np.uint8)


# ---------------------------------------------------------------- geometry


@dataclass(frozen=True)
class Pose:
    """Similarity from garment units to pixels: p = offset + scale * R(turn) q, turn in radians (clockwise,
    y down)."""

    scale: float
    turn: float
    offset: tuple[float, float]

    @property
    def matrix(self) -> NDArray[np.float64]:
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        return np.array([[cosine, -sine], [sine, cosine]])

    def pixels(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.scale * points @ self.matrix.T + self.offset

    def units(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return (points - self.offset) @ self.matrix / self.scale


def fit(panels: list[Panel], shape: tuple[int, int], rng: np.random.Generator) -> Pose:
    """Where the garment lies in the picture: a small rotation, filling most of the frame."""
    turn = float(np.clip(rng.normal(0, 0.07), -0.22, 0.22))
    points = np.vstack([panel.outline for panel in panels]) @ Pose(1, turn, (0, 0)).matrix.T
    low, high = points.min(0), points.max(0)
    frame = np.array(shape[::-1], np.float64)
    scale = float((frame / (high - low)).min() * np.clip(rng.normal(0.84, 0.09), 0.55, 0.97))
    room = frame - scale * (high - low)
    offset = room * np.clip(rng.normal(0.5, 0.17, 2), 0.02, 0.98) - scale * low
    return Pose(scale, turn, (float(offset[0]), float(offset[1])))


def disturb(panels: list[Panel], rng: np.random.Generator) -> None:
    """Bend all outlines together a little, so that no edge is straight and nothing is symmetrical."""
    waves = [(rng.normal(0, 1, 2), rng.normal(0, k, 2), rng.uniform(0, 6.28, 2)) for k in (1.5, 3, 6, 10)]

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        shift = np.zeros_like(points)
        for (size, frequency, phase), amount in zip(waves, (0.022, 0.011, 0.006, 0.003), strict=True):
            shift += amount * size * np.sin(points @ frequency[:, None] + phase)
        return points + shift

    for panel in panels:
        panel.outline = moved(panel.outline)
        panel.lines = [(moved(line), strength) for line, strength in panel.lines]
        panel.openings = [moved(line) for line in panel.openings]
        panel.root = tuple(moved(np.array([panel.root]))[0])


def fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Pixels as OpenCV's fixed-point numbers with 4 bits behind the point."""
    return np.round(points * 16).astype(np.int32)


def cover(points: NDArray[np.float64], shape: tuple[int, int]) -> ByteArray:
    """Antialiased polygon as coverage, uint8 [h, w]; points in pixels."""
    canvas = np.zeros(shape, np.uint8)
    cv2.fillPoly(canvas, [fixed(points)], 255, cv2.LINE_AA, 4)
    return canvas


# ---------------------------------------------------------------- one panel


@dataclass(frozen=True)
class Scene:
    """What all panels share while one garment is drawn."""

    shape: tuple[int, int]
    pose: Pose
    light: Light
    tilt: tuple[float, float]
    center: tuple[float, float]


def panel_fields(panel: Panel, scene: Scene, box: tuple[int, int, int, int], rng: np.random.Generator) -> FloatArray:
    """Log gain and warp of one panel over box = (x0, y0, x1, y1) of the picture, float32 [y1-y0, x1-x0, 3].

    The relief is made on the panel's own grid (one sample a pixel, at most about 400 on its longer side),
    lit and integrated there, and then carried into the picture.
    """
    x0, y0, x1, y1 = box
    frame = (panel.root if not panel.central else (0.0, 0.0), panel.angle, panel.bend)
    local = frame_positions(scene.pose, frame, box)
    own = to_frame(panel.outline, *frame)
    low, high = own.min(0) - 0.03, own.max(0) + 0.03
    step = max(1 / scene.pose.scale, float((high - low).max()) / 400)
    grid = Grid.around(low, high, step)
    height = relief(panel.folds, grid, panel.profile, rng)
    across, along = (eased(slope) for slope in slopes(height, step))
    turn = (scene.pose.turn - (panel.angle + panel.bend * grid.s)).astype(np.float32)
    log = log_gain(height, across, along, grid, scene.light, turn) + np.float32(panel.tone)
    # The anchor is a fixed point of the picture: the garment's centre for the body, its own root for a limb.
    anchor_pixel = np.array(scene.center) if panel.central else scene.pose.pixels(np.array(panel.root))
    anchor = to_frame(scene.pose.units(anchor_pixel), *frame)
    column, row = (anchor - low) / step
    # Seen a little from the hem, raised cloth is moved up in the picture: folds bend the rows of a print.
    lean_t, lean_s = np.float32(scene.tilt[0]), np.float32(scene.tilt[1])
    # Threads hold each other: neighbouring rows cannot slide freely, so the lengths are averaged over a
    # few of them.
    bundle = 2 * round(0.02 / step) + 1
    u = cv2.blur(arc_excess(across, step, float(column), axis=1), (1, bundle)) + lean_t * height
    v = cv2.blur(arc_excess(along, step, float(row), axis=0), (bundle, 1)) + lean_s * height
    fields = np.stack([log, u, v], -1)
    at = np.array([[[column, row]]], np.float32)
    at_anchor = cv2.remap(
        fields,
        np.clip(at[..., 0], 0, grid.shape[1] - 1),
        np.clip(at[..., 1], 0, grid.shape[0] - 1),
        cv2.INTER_LINEAR,
    )[0, 0]
    map_x, map_y = (
        (position - np.float32(start)) / np.float32(step) for position, start in zip(local, low, strict=True)
    )
    seen = cv2.remap(fields, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # cloth = anchor's own (x - cx, y - cy) + what lies between, in pixels; the warp is cloth minus pixel position.
    pixels = (np.arange(x0, x1, dtype=np.float32)[None], np.arange(y0, y1, dtype=np.float32)[:, None])
    for axis in (0, 1):
        at_rest = local[axis] - np.float32(anchor[axis] + at_anchor[1 + axis])
        between = (at_rest + seen[..., 1 + axis]) * np.float32(scene.pose.scale)
        seen[..., 1 + axis] = between - (pixels[axis] - np.float32(anchor_pixel[axis]))
    return seen


def frame_positions(
    pose: Pose, frame: tuple[tuple[float, float], float, float], box: tuple[int, int, int, int]
) -> tuple[FloatArray, FloatArray]:
    """Where in a panel's own frame (root, angle, bend) the pixels of a box lie: t and s, float32 [h, w] each."""
    x0, y0, x1, y1 = box
    if abs(frame[2]) >= 1e-4:
        pixels = np.stack(np.meshgrid(np.arange(x0, x1), np.arange(y0, y1)), -1).astype(np.float64)
        local = to_frame(pose.units(pixels), *frame).astype(np.float32)
        return np.ascontiguousarray(local[..., 0]), np.ascontiguousarray(local[..., 1])
    # Straight frames are affine: three corners tell everything.
    origin, right, down = to_frame(pose.units(np.array([(x0, y0), (x0 + 1, y0), (x0, y0 + 1)])), *frame)
    x = np.arange(x1 - x0, dtype=np.float32)[None]
    y = np.arange(y1 - y0, dtype=np.float32)[:, None]
    t, s = (
        np.float32(origin[i]) + x * np.float32(right[i] - origin[i]) + y * np.float32(down[i] - origin[i])
        for i in (0, 1)
    )
    return t, s


def soft(image: FloatArray, radius: float) -> FloatArray:
    """Blur with a kernel of about `radius` pixels: two box filters, whose cost does not grow with the
    radius."""
    size = 2 * max(1, round(radius)) + 1
    return cv2.blur(cv2.blur(image, (size, size)), (size, size))


def draw_lines(panel: Panel, scene: Scene, box: tuple[int, int, int, int], width: float) -> FloatArray:
    """Seams and buttons as log gain over box = (x0, y0, x1, y1), float32 [y1-y0, x1-x0]."""
    origin = np.array(box[:2])
    dark = np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)
    bright = dark.copy()
    thickness = max(1, round(width * 0.7))
    shift = np.array(scene.light.direction) * -max(0.8, width * 0.8)
    for line, strength in panel.lines:
        points = scene.pose.pixels(line) - origin
        value = int(255 * min(1.0, strength))
        for canvas, moved, level in ((dark, points, value), (bright, points + shift, value // 2)):
            cv2.polylines(canvas, [fixed(moved)], False, level, thickness, cv2.LINE_AA, 4)
    for x, y, radius in panel.buttons:
        centre = scene.pose.pixels(np.array([x, y])) - origin
        for move, size, level in ((-shift * 0.5, 1.15, 230), (shift * 0, 1.0, 120)):
            at = fixed(centre + move)
            around = int(radius * size * scene.pose.scale * 16)
            cv2.circle(dark, (int(at[0]), int(at[1])), around, level, -1, cv2.LINE_AA, 4)
    return bright.astype(np.float32) * np.float32(0.35 / 255) - dark.astype(np.float32) * np.float32(0.6 / 255)


def bounds(coverage: ByteArray) -> tuple[int, int, int, int]:
    """Box (x0, y0, x1, y1), half open, around the pixels above 0."""
    x, y, width, height = cv2.boundingRect(coverage)
    return x, y, x + width, y + height


@dataclass
class Layers:
    """The picture's fields while panels are laid on each other."""

    log: FloatArray
    warp: FloatArray
    parts: ByteArray
    pieces: ByteArray
    opened: NDArray[np.bool_]

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> Layers:
        log, warp = np.zeros(shape, np.float32), np.zeros((*shape, 2), np.float32)
        return cls(log, warp, np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.zeros(shape, np.bool_))


def lay(layers: Layers, panel: Panel, number: int, coverage: ByteArray, scene: Scene, rng: np.random.Generator) -> None:
    """Lay one panel on the picture: its shadow on what lies below, its fields, its rounded edge, its
    seams."""
    if not coverage.any():
        return
    width = 0.012 * scene.pose.scale
    x0, y0, x1, y1 = bounds(coverage)
    room = round(6 * width) + 2
    x0, y0, x1, y1 = (
        max(0, x0 - room),
        max(0, y0 - room),
        min(scene.shape[1], x1 + room),
        min(scene.shape[0], y1 + room),
    )
    inside = (slice(y0, y1), slice(x0, x1))
    box, covered = (x0, y0, x1, y1), coverage[inside]
    fields = panel_fields(panel, scene, box, rng)
    alpha = covered.astype(np.float32) * np.float32(1 / 255)
    # The contact shadow on what lies below; the panel itself replaces it where it covers.
    log = layers.log[inside] - np.float32(0.75 * panel.lift) * soft(alpha, 1.6 * width)
    x, y = scene.light.direction
    rim = soft(alpha, width)
    bevel = cv2.Sobel(rim, cv2.CV_32F, 1, 0, ksize=3) * x + cv2.Sobel(rim, cv2.CV_32F, 0, 1, ksize=3) * y
    own = fields[..., 0] - np.float32(width * 0.22 * panel.rim * min(1.0, scene.light.slant)) * bevel
    own += draw_lines(panel, scene, box, 0.006 * scene.pose.scale) - np.float32(0.22 * panel.rim) * (1 - rim)
    layers.log[inside] = log * (1 - alpha) + own * alpha
    owned = (covered >= 128) | ((covered > 0) & (layers.parts[inside] == 0))
    layers.warp[inside][owned] = fields[..., 1:][owned]
    layers.parts[inside][owned] = panel.part
    layers.pieces[inside][owned] = number
    layers.opened[inside][owned] = False
    for line in panel.openings:
        drawn = np.zeros(covered.shape, np.uint8)
        points = scene.pose.pixels(line) - [x0, y0]
        cv2.polylines(drawn, [fixed(points)], False, 255, max(1, round(width / 4)), cv2.LINE_8, 4)
        layers.opened[inside] |= (drawn > 0) & owned


# ---------------------------------------------------------------- the photograph


def checked_size(size: int | tuple[int, int]) -> tuple[int, int]:
    shape = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
    if min(shape) < 16 or max(shape) > 8192:
        raise UserError("The picture's size is out of range.", received=str(size), possible="16 to 8192 pixels")
    return shape


def chosen_textile(
    textile: str | ByteArray | None, plain: bool, rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[str, ByteArray]:
    """Name and swatch: the given one, or one drawn from the seed."""
    drawn = list(TEXTILES)[int(rng.integers(len(TEXTILES)))]
    variant, exposure = int(rng.integers(32)), np.float32(rng.uniform(0.5, 0.95))
    if isinstance(textile, np.ndarray):
        if textile.dtype != np.uint8 or textile.ndim != 3 or textile.shape[2] != 3 or textile.size == 0:
            raise UserError(
                "A swatch is an sRGB uint8 array of height x width x 3.",
                received=f"{textile.dtype} {textile.shape}",
            )
        return "swatch", textile
    name = textile or ("plain" if plain else drawn)
    if name not in TEXTILES:
        raise UserError("There is no such textile.", received=name, possible=tuple(TEXTILES))
    cloth = cached_swatch(name, variant, 128 if max(shape) <= 192 else 256)
    return name, linear_to_srgb(srgb_to_linear(cloth) * exposure)


def throw_shadow(
    image: FloatArray, mask: FloatArray, light: Light, size: float, rng: np.random.Generator
) -> FloatArray:
    """The garment's shadow on the background: a close one all around, a soft one away from the light."""
    depth, reach = rng.uniform(0.15, 0.75), size * rng.uniform(0.008, 0.06)
    move = np.array([[1, 0, -light.direction[0] * reach], [0, 1, -light.direction[1] * reach]])
    thrown = cv2.warpAffine(mask, move, mask.shape[::-1])
    shade = 1 - np.float32(depth * 0.7) * soft(thrown, reach * rng.uniform(0.5, 1.2))
    shade *= 1 - np.float32(depth * 0.6) * soft(mask, max(1.0, 0.008 * size))
    return image * shade[..., None]


def draw_hanger(image: FloatArray, pose: Pose, rng: np.random.Generator) -> None:
    """Hook and arms of a hanger, drawn on the background in linear light; the garment covers most of it."""
    color = (np.array([0.5, 0.5, 0.52]) * rng.uniform(0.1, 1.2)).tolist()
    hook = curve([(0, 0.12), (0.0, -0.1), (0.05, -0.16), (0.06, -0.22), (0.0, -0.27), (-0.06, -0.23)])
    arms = curve([(-0.4, 0.16), (-0.1, 0.02), (0, -0.03), (0.1, 0.02), (0.4, 0.16)])
    for line, width in ((hook, 0.012), (arms, rng.uniform(0.015, 0.05))):
        thickness = max(1, round(width * pose.scale))
        cv2.polylines(image, [fixed(pose.pixels(line))], False, color, thickness, cv2.LINE_AA, 4)


def scene_light(shape: tuple[int, int], light: Light, rng: np.random.Generator) -> FloatArray:
    """Log gain of the lamp over the whole picture: brighter towards the light, darker corners, soft
    blotches."""
    y, x = (
        np.linspace(-1, 1, shape[0], dtype=np.float32)[:, None],
        np.linspace(-1, 1, shape[1], dtype=np.float32)[None],
    )
    slope = np.float32(light.gradient) * (x * light.direction[0] + y * light.direction[1])
    corners = -np.float32(rng.uniform(0, 0.16)) * (x * x + y * y)
    return (slope + corners + np.float32(rng.uniform(0, 0.09)) * noise(rng, shape, 0.45)).astype(np.float32)


def develop(photo: ByteArray, background: ByteArray, mask: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Camera: a little blur and grain inside the garment's bounding pixels; the background stays as it is."""
    sigma, blur = rng.uniform(0, 3.0), rng.random() < 0.4
    grain = rng.normal(0, sigma, mask.shape).astype(np.float32)[..., None] if rng.random() < 0.6 else 0
    taken = cv2.GaussianBlur(photo, (3, 3), rng.uniform(0.3, 0.6)) if blur else photo
    taken = np.clip(taken + grain + 0.5, 0, 255).astype(np.uint8)
    return np.where((mask > 0)[..., None], taken, background)


def render(
    seed: int,
    size: int | tuple[int, int] = 256,
    kind: str | None = None,
    textile: str | ByteArray | None = None,
    scale: float | None = None,
    plain: bool = False,
    camera: bool = False,
) -> Render:
    """Photograph of a garment that never was, with everything known about it.

    seed: any non-negative integer; the garment, its folds, light, pose and background depend on (seed,
    size, kind) only. size: pixels, or (height, width). kind: one of GARMENTS or silhouettes.FRONTS, None =
    one of GARMENTS. textile: a name from TEXTILES or a swatch uint8 [h, w, 3], None = drawn. scale: photo
    pixels per swatch pixel, None = drawn so that a repeat spans 8 to 35 percent of the garment's longer
    side. plain: a plain cloth if no textile is named. camera: add blur and grain; without them the photo
    inside the mask is exactly srgb(linear(cloth(u, v)) * shading). Raises UserError for an unknown kind or
    textile, and for a seed or size out of range.
    """
    shape = checked_size(size)
    if seed < 0:
        raise UserError("A garment is drawn by a seed.", received=seed, possible="any non-negative integer")
    cuts = KINDS | FRONTS
    if kind is not None and kind not in cuts:
        raise UserError("There is no such kind of garment.", received=kind, possible=tuple(cuts))
    streams = [np.random.default_rng([int(seed), index]) for index in range(7)]
    drawn = GARMENTS[int(streams[0].integers(len(GARMENTS)))]
    kind = kind or drawn
    name, cloth = chosen_textile(textile, plain, streams[5], shape)
    share = float(np.exp(streams[5].uniform(np.log(0.08), np.log(0.35))))

    mood, light = Mood.draw(streams[1]), Light.draw(streams[2])
    panels = cuts[kind](streams[1], mood)
    disturb(panels, streams[1])
    pose = fit(panels, shape, streams[3])
    covers = [cover(pose.pixels(panel.outline), shape) for panel in panels]
    union = reduce(np.maximum, covers)
    x0, y0, x1, y1 = bounds(np.where(union >= 128, union, 0).astype(np.uint8))
    center, longer = ((x0 + x1 - 1) / 2, (y0 + y1 - 1) / 2), max(x1 - x0, y1 - y0)
    tilt = (float(streams[3].normal(0, 0.12)), float(streams[3].uniform(0.15, 0.6)))
    scene = Scene(shape, pose, light, tilt, center)

    layers = Layers.empty(shape)
    for number, (panel, child) in enumerate(zip(panels, streams[4].spawn(len(panels)), strict=True)):
        lay(layers, panel, number + 1, covers[number], scene, child)
    mask = union.astype(np.float32) * np.float32(1 / 255)
    lamp = scene_light(shape, light, streams[2])
    shading = graded(layers.log, lamp, union >= 128, light, depth(reflectance(cloth)) / depth(MIDDLING))
    shading[union == 0] = 1
    background = behind(scene, lamp, mask, longer, kind in HANGING, streams[6])
    result = Render(
        photo=background,  # until the cloth is laid on it
        mask=mask,
        shading=shading,
        warp=layers.warp,
        parts=layers.parts,
        pieces=layers.pieces,
        grain=np.array([0.0, *(pose.turn - panel.angle for panel in panels)], np.float32),
        opened=layers.opened,
        roles=roles_of(layers, panels, pose.scale),
        background=background,
        palette=main_colors(cloth),
        kind=kind,
        textile=name,
        swatch=cloth,
        scale=float(share * longer / max(cloth.shape[:2]) if scale is None else scale),
        center=center,
        seed=int(seed),
    )
    photo = reconstruct(result)
    if camera:
        photo = develop(photo, background, mask, streams[6])
    return replace(result, photo=photo)


def behind(
    scene: Scene, lamp: FloatArray, mask: FloatArray, longer: int, hangs: bool, rng: np.random.Generator
) -> ByteArray:
    """What is behind a garment, with its shadow on it, uint8 [h, w, 3]. longer: pixels of its longer side. hangs: it is
    one of those that hang on a hanger, as one in five of them then does.
    """
    raw = backdrop(rng, scene.shape) * np.exp(0.7 * lamp)[..., None]
    if hangs and rng.random() < 0.2:
        draw_hanger(raw, scene.pose, rng)
    return linear_to_srgb(throw_shadow(raw, mask, scene.light, longer, rng))


def roles_of(layers: Layers, panels: list[Panel], scale: float) -> ByteArray:
    """What each pixel's piece is, uint8 [h, w]: 0 background, k the k-th of ROLES. A front that an opening, a strip or
    what is inside parts in two is a left and a right front, as the viewer sees them. scale: pixels per garment
    unit."""
    number = np.array([0, *(1 + ROLES.index(panel.role) for panel in panels)], np.uint8)
    roles = number[layers.pieces]
    front = roles == 1 + ROLES.index("front")
    # An opening ends at the hem, give or take a stitch: what holds by less than a narrow bridge is parted.
    bridge = 2 * max(1, round(0.012 * scale)) + 1
    whole = cv2.erode((front & ~layers.opened).astype(np.uint8), np.ones((bridge, bridge)))
    _, labels, stats, centres = cv2.connectedComponentsWithStats(whole, connectivity=4)
    large = [k for k in range(1, len(stats)) if stats[k, cv2.CC_STAT_AREA] > 0.12 * front.sum()]
    parted = layers.opened.any() or any(panel.role in ("strip", "inside") for panel in panels)
    if len(large) < 2 or not parted:
        return roles
    order = sorted(large, key=lambda k: centres[k][0])
    halves = [np.isin(labels, order[:1]), np.isin(labels, order[1:])]
    far = [cv2.distanceTransform((~half).astype(np.uint8), cv2.DIST_L2, 5) for half in halves]
    roles[front] = np.where(far[1] < far[0], 1 + ROLES.index("right front"), 1 + ROLES.index("left front"))[front]
    return roles


def graded(log: FloatArray, lamp: FloatArray, inside: NDArray[np.bool_], light: Light, deepened: float) -> FloatArray:
    """The camera's contrast: brings the log gain near the light's wished deviation, median 1 inside the
    garment. deepened: how deep folds are in the cloth, beside one of middling grey."""
    deviation = float(log[inside].std()) + 1e-3
    wished = max(0.03, light.contrast**2 - float(lamp[inside].var())) ** 0.5 if light.contrast > 0.1 else light.contrast
    total = log * np.float32(np.clip(wished / deviation, 0.55, 1.7)) + lamp
    total = np.float32(deepened) * (total - np.median(total[inside]))
    return np.exp(np.clip(total, -2.6, 1.1)).astype(np.float32)
