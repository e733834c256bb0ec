"""Does `drape` see the folds under a print, and does cloth lie where it should?

    python benchmarks/drape.py [DATA] [--model NAME] [--json FILE]

Photos (with DATA): plain garments kept out of training, as they are and with held-out swatches printed onto them. A
plain garment shows its own shading, so the true log shading is known; compared inside the
mask, both centred. The same with words, badges and drawings placed on a ground of another dye: there the error under
the print alone is told too (what a designer sees as the ghost of the old print). And with strewn motifs and checks.
Truth world: garments of seeds kept out of training, photographed in cloth A, restyled with cloth B, compared with
the render of the same garment in B (PSNR inside the mask). Baselines: blurred luminance; flat tile times luminance.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from muslin.data.drape_stream import MIN_LUMINANCE, median_luminance, print_on
from muslin.data.graphics import any_dye, badge, drawing, scatter, words, woven
from muslin.data.mask_stream import lay_texture
from muslin.data.photos import GarmentPhoto, held_out, load_garments, load_swatches
from muslin.data.truth import render
from muslin.garments.bands import bands
from muslin.garments.fields import RIM, Fields, luminance_fields
from muslin.garments.framing import garment_box
from muslin.garments.renderer import dress
from muslin.garments.shading import LOG_FLOOR, log_luminance
from muslin.images import luminance, srgb_to_linear
from muslin.restyle.restyler import Restyler
from muslin.textiles.repeat import Cloth

See = Callable[[np.ndarray, np.ndarray], Fields]  # (pixels, mask) as shipped: Restyler.fields
FIRST_SEED = 2**31  # training draws seeds below it
# Of the clothing-dataset's garments that are labelled plain and kept out: those with a logo, a trim or a badge, by eye.
LETTERED = {
    *("a10eee1b", "b069d8b6", "63a7c9dd", "a59f077d", "e715aaf2", "ebbf2464", "3646d5d0", "b21eba8d"),
    *("0e2b92c8", "14b5e49e", "687dd295", "7fef30de", "983a73c5", "c5d81eb6", "dc5c8090", "fbb96cbf"),
}  # fmt: skip


def full_shading(pixels: np.ndarray, mask: np.ndarray, fields: Fields) -> np.ndarray:
    """Predicted log shading at the photo's size."""
    shading = np.zeros(mask.shape, np.float32)
    for band in bands(pixels, fields, garment_box((mask > 0).astype(np.float32))):
        shading[band.rows, band.columns] = band.shading
    return shading


def compare(predicted: np.ndarray, true: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """(correlation, mean absolute error) inside the mask, both centred.

    Without the mask's rim, where a photo shows garment and backdrop mixed, and nobody knows the light.
    """
    inside = cv2.erode((mask > 0.95).astype(np.uint8), np.ones((2 * RIM + 1, 2 * RIM + 1))) > 0
    a, b = predicted[inside], true[inside]
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-9)), float(np.abs(a - b).mean())


def blurred_luminance(pixels: np.ndarray) -> np.ndarray:
    log = np.log(luminance(srgb_to_linear(pixels)) + LOG_FLOOR)
    return cv2.GaussianBlur(log, (0, 0), 0.02 * max(log.shape))


def held_plain(data: Path) -> list[GarmentPhoto]:
    """Garments labelled plain, kept out of training, not too dark to show folds."""
    return [
        photo
        for photo in load_garments(data, side=320, masked=True)
        if held_out(photo.key) and photo.look == "plain" and median_luminance(photo) > MIN_LUMINANCE
    ]


def printed_photo(
    rng: np.random.Generator, swatches: list[np.ndarray], shading: np.ndarray, mask: np.ndarray
) -> np.ndarray:
    """uint8 photo of a garment of this shading, all over in one of the swatches."""
    albedo = srgb_to_linear(lay_texture(rng, swatches[rng.integers(len(swatches))], max(mask.shape)))
    albedo = albedo[: mask.shape[0], : mask.shape[1]] * np.float32(0.97) + np.float32(0.015)
    return print_on(shading, mask, albedo)


def on_photos(data: Path, see: See, limit: int | None) -> dict[str, object]:
    swatches, photos = load_swatches(data, held=True), held_plain(data)[:limit]
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for index, photo in enumerate(photos):
        rng = np.random.default_rng(index)
        mask = photo.mask.astype(np.float32) / 255
        true = log_luminance(photo.pixels, mask)
        fields = see(photo.pixels, mask)
        rows["plain"].append(compare(full_shading(photo.pixels, mask, fields), true, mask))
        lettered = Path(photo.key).name[:8] in LETTERED
        kind = "lettered" if lettered else "nothing on it"
        rows[f"plain, {kind}"].append(rows["plain"][-1])
        for _ in range(4):
            printed = printed_photo(rng, swatches, true, mask)
            fields = see(printed, mask)
            rows["printed"].append(compare(full_shading(printed, mask, fields), true, mask))
            rows[f"printed, {kind}"].append(rows["printed"][-1])
            rows["printed, blurred luminance"].append(compare(blurred_luminance(printed), true, mask))
            rows["printed, nothing"].append(compare(np.zeros_like(true), true, mask))
        rng_of_small = np.random.default_rng((index, 1))  # its own: the rows above stay what they were
        for small in (scatter, woven):
            ground = np.broadcast_to(any_dye(rng_of_small), (*mask.shape, 3)).astype(np.float32)
            printed = print_on(true, mask, small(rng_of_small, ground))
            found = full_shading(printed, mask, see(printed, mask))
            rows["strewn motifs, yarn-dyed checks"].append(compare(found, true, mask))
            rows["strewn motifs, yarn-dyed checks, luminance"].append(compare(log_luminance(printed, mask), true, mask))
        for place in (words, with_picture(swatches), drawing):
            for name, row in placed(rng, place, true, mask, see).items():
                rows[name].append(row)
    return {"garments": len(photos), **{name: summary(values) for name, values in rows.items()}}


def placed(
    rng: np.random.Generator,
    place: Callable[..., np.ndarray],
    true: np.ndarray,
    mask: np.ndarray,
    see: See,
) -> dict[str, tuple[float, float]]:
    """(correlation, error) with a print placed on a ground of another dye; the error under the print alone."""
    ground = np.broadcast_to(any_dye(rng), (*mask.shape, 3)).astype(np.float32)
    albedo = place(rng, ground, mask)
    printed = print_on(true, mask, albedo)
    under = mask * (np.abs(np.log((albedo + 0.01) / (ground + 0.01))).max(-1) > 0.2)
    found = full_shading(printed, mask, see(printed, mask))
    rows = {}
    for name, shading in (("", found), (", luminance", log_luminance(printed, mask))):
        rows["placed" + name] = compare(shading, true, mask)
        if (under > 0.95).sum() > 20:
            wrong = shading - true
            wrong = wrong - np.median(wrong[(mask > 0.95) & (under == 0)])
            rows["under the print" + name] = (np.nan, float(np.abs(wrong[under > 0.95]).mean()))
    return rows


def summary(values: list[tuple[float, float]]) -> dict[str, float]:
    correlations, errors = np.array(values).T
    said = {"count": len(values), "mean absolute error": round(float(errors.mean()), 3)}
    if np.isfinite(correlations).all():
        said["correlation"] = round(float(correlations.mean()), 3)
        said["median correlation"] = round(float(np.median(correlations)), 3)
    return said


def with_picture(swatches: list[np.ndarray]) -> Callable[..., np.ndarray]:
    """`badge` of a held-out swatch."""

    def place(rng: np.random.Generator, ground: np.ndarray, mask: np.ndarray) -> np.ndarray:
        picture = srgb_to_linear(lay_texture(rng, swatches[rng.integers(len(swatches))], max(mask.shape)))
        return badge(rng, ground, mask, picture[: mask.shape[0], : mask.shape[1]])

    return place


def in_truth_world(see: See, count: int, size: int = 256) -> dict[str, object]:
    scores: dict[str, list[float]] = {"drape": [], "flat tile times luminance": []}
    warps: dict[str, list[float]] = {"drape": [], "no warp": []}
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        rng = np.random.default_rng(seed)
        before = render(seed, size)
        scale = 0.25 * size / 256 * float(rng.uniform(0.7, 1.6))
        after, textile = other_cloth(seed, size, scale)
        cloth = Cloth(textile).prepare(scale)
        for name, fields in (
            ("drape", cut_to_match(see(before.photo, before.mask))),
            ("flat tile times luminance", luminance_fields(before.photo, before.mask)),
        ):
            image = dress(before.photo, before.mask, fields, [cloth])
            scores[name].append(psnr(image, after.photo, before.mask))
        found = np.zeros((*before.mask.shape, 2), np.float32)
        fields = cut_to_match(see(before.photo, before.mask))
        for band in bands(before.photo, fields, garment_box(before.mask)):
            found[band.rows, band.columns] = band.warp
        inside = before.mask > 0.95
        warps["drape"].append(float(np.linalg.norm(found - before.warp, axis=-1)[inside].mean()))
        warps["no warp"].append(float(np.linalg.norm(before.warp, axis=-1)[inside].mean()))
    return {
        "garments": count,
        "psnr": {name: round(float(np.mean(values)), 2) for name, values in scores.items()},
        "median psnr": {name: round(float(np.median(values)), 2) for name, values in scores.items()},
        "warp error, px of 256": {name: round(float(np.mean(v)) * 256 / size, 2) for name, v in warps.items()},
    }


def cut_to_match(fields: Fields) -> Fields:
    """From which place of the cloth a collar was cut no photo tells; rendered ones are cut to match at their middle."""
    pieces = fields.pieces
    return fields if pieces is None else replace(fields, pieces=replace(pieces, jump=np.zeros_like(pieces.jump)))


def other_cloth(seed: int, size: int, scale: float) -> tuple:
    from muslin.textiles.procedural import TEXTILES, swatch

    name = sorted(TEXTILES)[seed % len(TEXTILES)]
    textile = swatch(name, seed + 1, 256)
    return render(seed, size, textile=textile, scale=scale), textile


def psnr(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    inside = mask > 0.5
    error = (a[inside].astype(np.float32) - b[inside].astype(np.float32)) / 255
    return float(-10 * np.log10(np.mean(error**2) + 1e-12))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--model", default="drape")
    parser.add_argument("--count", type=int, default=100, help="garments of the truth world")
    parser.add_argument("--limit", type=int, help="photos")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    see = Restyler(options.model).fields
    figures: dict[str, object] = {"truth world": in_truth_world(see, options.count)}
    if options.data:
        figures["photos"] = on_photos(options.data, see, options.limit)
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
