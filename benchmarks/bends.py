"""Do folds bend the rows of a print as the light on them tells?

    python benchmarks/bends.py [DATA] [--model NAME] [--count 40]

Truth world: of what lies between folds.FINE and folds.BROAD of the true warp, how much the true light explains, along
the grain and across it; and PSNR of a restyle with the bends and without, against the render in the other cloth.
Photos (with DATA): how far the stripes of striped garments stray from their own smooth run, beside how much the light
varies there, and whether the two go together. No photo tells from where its light came.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from drape import FIRST_SEED, other_cloth, psnr

from muslin import store
from muslin.data.photos import GarmentPhoto, load_garments
from muslin.data.truth import render
from muslin.garments.fields import SIZE, garment_square, predict_fields
from muslin.garments.folds import BROAD, FINE, REACH
from muslin.garments.network import Network
from muslin.garments.renderer import dress
from muslin.garments.shading import log_luminance
from muslin.textiles.repeat import Cloth

SHORTEST, LONGEST = 7.0, 40.0  # px of the square, of a stripe's repeat
LEVEL = 0.35  # slope of a row: stripes steeper than that are not across the garment
CLEAR = 2000  # pixels of clear stripes that a garment must show


def smooth(field: np.ndarray, inside: np.ndarray, sigma: float) -> np.ndarray:
    weight = cv2.GaussianBlur(inside, (0, 0), sigma) + np.float32(1e-3)
    return cv2.GaussianBlur(field * inside, (0, 0), sigma) / weight


def in_truth_world(network: Network, count: int) -> dict[str, object]:
    light, strays, scores = [], [], []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        shown = render(seed, SIZE)
        body = (shown.parts == 1).astype(np.float32)
        within = cv2.erode(body, np.ones((7, 7))) > 0
        log, warp = np.log(shown.shading).astype(np.float32), shown.warp.astype(np.float32)
        light.append((smooth(log, body, FINE * SIZE) - smooth(log, body, BROAD * SIZE))[within])
        strays.append(np.stack([warp[..., k] - smooth(warp[..., k], body, BROAD * SIZE) for k in (0, 1)], -1)[within])
        fields = predict_fields(shown.photo, shown.mask, network)
        scale = 0.25 * float(np.random.default_rng(seed).uniform(0.7, 1.6))
        after, textile = other_cloth(seed, SIZE, scale)
        cloth = [Cloth(textile).prepare(scale)]
        images = (dress(shown.photo, shown.mask, fields.folded(share), cloth) for share in (0, 1))
        scores.append([psnr(image, after.photo, shown.mask) for image in images])
    told, stray = np.concatenate(light), np.concatenate(strays)
    reach = (told @ stray) / (told @ told)
    explained = 1 - ((stray - told[:, None] * reach) ** 2).mean(0) / (stray**2).mean(0)
    without, with_bends = np.mean(scores, 0)
    return {
        "px for a unit of log gain, across and along": reach.round(2).tolist(),
        "share of the warp between FINE and BROAD that it explains": explained.round(3).tolist(),
        "root mean square of that warp, px": np.sqrt((stray**2).mean(0)).round(2).tolist(),
        "PSNR without bends, with": [round(float(without), 2), round(float(with_bends), 2)],
    }


def on_photos(data: Path, network: Network) -> dict[str, object]:
    found = [
        stray
        for photo in load_garments(data)
        if photo.look in ("stripes", "plaid_check") and photo.mask is not None and (stray := of_stripes(photo, network))
    ]
    light, strays, together = np.array(found).T
    return {
        "garments with level stripes": len(found),
        "px that stripes stray (median)": round(float(np.median(strays)), 2),
        "px for a unit of log gain, at most (median)": round(float(np.median(strays / light)), 1),
        "correlation with the light (mean)": round(float(together.mean()), 3),
    }


def of_stripes(photo: GarmentPhoto, network: Network) -> tuple[float, float, float] | None:
    """(variation of the light, of the stripes' places, their correlation) where level stripes are clear, else None."""
    mask = photo.mask.astype(np.float32) / 255
    fields = predict_fields(photo.pixels, mask, network)
    image, inside = garment_square(photo.pixels, mask, fields.frame, SIZE)
    body = (inside > 0.9).astype(np.float32)
    rest = (log_luminance(image, inside).astype(np.float32) - fields.shading) * body
    rest = (rest - smooth(rest, body, 20)) * body
    down, across = np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)[None]
    power, frequency = np.abs(np.fft.fft2(rest)) ** 2, np.hypot(across, down)
    seen = (frequency > 1 / LONGEST) & (frequency < 1 / SHORTEST)
    level = seen & (np.abs(across) < LEVEL * np.abs(down)) & (down > 0)
    if power[level].sum() < power[seen].sum() / 8:
        return None
    row, column = np.unravel_index(np.argmax(np.where(level, cv2.GaussianBlur(power, (0, 0), 1), 0)), power.shape)
    y, x = np.mgrid[:SIZE, :SIZE]
    wave = rest * np.exp(-2j * np.pi * (down[row, 0] * y + across[0, column] * x))
    repeat = 1 / float(frequency[row, column])
    wave = complex_blur(wave, 0.8 * repeat)
    stray = np.angle(wave * np.conj(complex_blur(wave, BROAD * SIZE))) / (2 * np.pi * down[row, 0])
    clear = np.abs(wave) > np.quantile(np.abs(wave)[body > 0], 0.5)
    clear &= (cv2.erode(body, np.ones((9, 9))) > 0) & (np.abs(stray) < repeat / 5)
    if clear.sum() < CLEAR:
        return None
    fine = max(FINE * SIZE, 0.8 * repeat)
    light = (smooth(fields.shading, body, fine) - smooth(fields.shading, body, BROAD * SIZE))[clear]
    return float(light.std()), float(stray[clear].std()), float(np.corrcoef(light, stray[clear])[0, 1])


def complex_blur(wave: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(wave.real, (0, 0), sigma) + 1j * cv2.GaussianBlur(wave.imag, (0, 0), sigma)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--model", default="drape")
    parser.add_argument("--count", type=int, default=40)
    options = parser.parse_args()
    network = Network(store.load(options.model).file())
    figures: dict[str, object] = {"built in: px for a unit of log gain": REACH * SIZE}
    figures["truth world"] = in_truth_world(network, options.count)
    if options.data:
        figures["photos"] = on_photos(options.data, network)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
