"""What would `drape` come to if a part of it were perfect? True fields in the place of predicted ones, one at a time.

    python benchmarks/oracles.py [DATA] [--model NAME] [--count 40]

Truth world: PSNR of a restyle against the render in the other cloth (as benchmarks/drape.py), with the true shading,
the true panels and warp, both, or the best affine map for each panel. What both reach is the end of the scale.
Photos (with DATA): correlation and mean absolute error of the shading under held-out prints, when the true one is read
at 256, 128 or 64 px and carried to the photo by the guide, and when the slopes or the trend alone are true.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from drape import FIRST_SEED, compare, full_shading, held_plain, other_cloth, printed_photo, psnr

from muslin import store
from muslin.data.photos import load_swatches
from muslin.data.truth import Render, render
from muslin.garments.fields import GEOMETRY, PANELS, SIZE, Fields, ask, garment_square, predict_fields, with_guide
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.renderer import dress
from muslin.garments.shading import integrate, log_luminance, spread
from muslin.textiles.repeat import Cloth


def in_truth_world(network: Network, count: int) -> dict[str, float]:
    scores: dict[str, list[float]] = defaultdict(list)
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        before = render(seed, SIZE)
        scale = 0.25 * float(np.random.default_rng(seed).uniform(0.7, 1.6))
        after, textile = other_cloth(seed, SIZE, scale)
        cloth = Cloth(textile).prepare(scale)
        predicted = predict_fields(before.photo, before.mask, network)
        lit = with_true_shading(predicted, before)
        panels, warp, affine = true_geometry(predicted, before)
        for name, fields in (
            ("predicted", predicted),
            ("true shading", lit),
            ("true panels and warp", replace(predicted, panels=panels, warp=warp)),
            ("all true", replace(lit, panels=panels, warp=warp)),
            ("true shading, affine warp fitted to each panel", replace(lit, panels=panels, warp=affine)),
        ):
            image = dress(before.photo, before.mask, fields, [cloth])
            scores[name].append(psnr(image, after.photo, before.mask))
    return {name: round(float(np.mean(values)), 2) for name, values in scores.items()}


def with_true_shading(fields: Fields, truth: Render) -> Fields:
    log = np.log(np.maximum(truth.shading, 1e-3)).astype(np.float32)
    image, inside = garment_square(truth.photo, truth.mask, fields.frame, SIZE)
    shading = cv2.warpAffine(log, fields.frame, (SIZE, SIZE))
    shading = (shading - (shading * inside).sum() / inside.sum()) * (inside > 0)
    return with_guide(fields.frame, image, inside, shading, fields.panels, fields.warp)


def true_geometry(fields: Fields, truth: Render) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Panels as logits, the true warp of each panel smoothly continued, and its best affine map."""
    square, cells = (SIZE, SIZE), GEOMETRY // 4
    parts = cv2.warpAffine(truth.parts.astype(np.uint8), fields.frame, square, flags=cv2.INTER_NEAREST)
    half = cv2.resize(parts, (GEOMETRY // 2, GEOMETRY // 2), interpolation=cv2.INTER_NEAREST)
    logits = 20 * np.eye(len(PANELS) + 1, dtype=np.float32)[half][..., 1:]
    units = fields.frame[0, 0] / SIZE
    warp = cv2.warpAffine(truth.warp.astype(np.float32), fields.frame, square) * units
    true, affine = (np.zeros((cells, cells, len(PANELS), 2), np.float32) for _ in range(2))
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    down, across = np.mgrid[:cells, :cells] / cells
    for panel in range(len(PANELS)):
        here = parts == panel + 1
        if not here.any():
            continue
        places = np.stack([x[here], y[here], np.ones(here.sum())], 1)
        for axis in range(2):
            whole = spread(warp[..., axis], here.astype(np.float32))
            true[:, :, panel, axis] = cv2.resize(whole, (cells, cells), interpolation=cv2.INTER_AREA)
            a, b, c = np.linalg.lstsq(places, warp[..., axis][here], rcond=None)[0]
            affine[:, :, panel, axis] = a * across + b * down + c
    return logits, true, affine


def on_photos(data: Path, network: Network, count: int) -> dict[str, list[float]]:
    swatches, rows = load_swatches(data, held=True), defaultdict(list)
    for index, photo in enumerate(held_plain(data)[:count]):
        rng = np.random.default_rng(index)
        mask = photo.mask.astype(np.float32) / 255
        true = log_luminance(photo.pixels, mask)
        printed = printed_photo(rng, swatches, true, mask)
        base = predict_fields(printed, mask, network)
        image, inside = garment_square(printed, mask, garment_frame(garment_box(mask), SIZE), SIZE)
        for name, shading in shadings(
            base, cv2.warpAffine(true, base.frame, (SIZE, SIZE)), image, inside, network
        ).items():
            fields = with_guide(base.frame, image, inside, shading, base.panels, base.warp)
            rows[name].append(compare(full_shading(printed, mask, fields), true, mask))
    return {name: [round(float(one), 3) for one in np.mean(values, 0)] for name, values in rows.items()}


def shadings(
    base: Fields, true: np.ndarray, image: np.ndarray, inside: np.ndarray, network: Network
) -> dict[str, np.ndarray]:
    """Log shadings of the square, by what of them is true."""
    true = ((true - (true * inside).sum() / inside.sum()) * inside).astype(np.float32)

    def small(side: int) -> np.ndarray:
        weight = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA) + np.float32(1e-3)
        return cv2.resize(true * inside, (side, side), interpolation=cv2.INTER_AREA) / weight

    found = ask(network, image[None], inside[None])
    whole = (inside > 0.5).astype(np.float32)
    slopes = np.zeros((SIZE, SIZE, 2), np.float32)
    slopes[:, :-1, 0] = np.diff(true, axis=1) * whole[:, 1:] * whole[:, :-1]
    slopes[:-1, :, 1] = np.diff(true, axis=0) * whole[1:] * whole[:-1]
    made = {"predicted": base.shading, "true at 256 px": true}
    for side in (128, 64):
        made[f"true at {side} px"] = cv2.resize(small(side), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR) * inside
    made["true slopes, predicted trend"] = integrate(slopes, found["trend"][0], inside[..., None])
    made["predicted slopes, true trend"] = integrate(found["slopes"][0], small(SIZE // 4)[..., None], inside[..., None])
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--model", default="drape")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    network = Network(store.load(options.model).file())
    figures: dict[str, object] = {"truth world, PSNR in dB": in_truth_world(network, options.count)}
    if options.data:
        figures["photos, correlation and error"] = on_photos(options.data, network, options.count)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
