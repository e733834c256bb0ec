"""Which garments are plain, and which wear a print: by their label, or by looking."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from muslin.data.drape_stream import MIN_LUMINANCE, median_luminance
from muslin.data.found_masks import found_mask, sure_masks
from muslin.data.found_panels import with_panels
from muslin.data.photos import GarmentPhoto, has_masks, held_out, labels, load_garments, photo_paths
from muslin.garments.fields import garment_square
from muslin.garments.framing import garment_box, garment_frame
from muslin.garments.network import Network
from muslin.garments.shading import integrate, log_luminance, plainness

DRAPE_NETWORK = Path(__file__).parent.parent / "models" / "drape" / "generator.onnx"
SIDE = 128  # px
# On 600 garments sorted by eye these take 75 % of the plain ones, 4 % of the printed ones, and 53 % of those between,
# whose small logo, trim or fine pattern is easily overlooked (81 % without MOST_PRINT).
LEAST_PLAINNESS = 0.9
MOST_APART = 0.09  # mean difference of log luminance and predicted shading
MOST_PRINT = 0.006  # share of the garment that the network takes for print
MOST_COLOURS = 2.2  # mean distance in CIELAB's a and b from the garment's median


def plain_and_printed(folder: Path, found: bool = False) -> tuple[list[GarmentPhoto], list[GarmentPhoto]]:
    """(plain garments that are not too dark, garments with a print), none of them kept out for testing.

    folder: as in data/photos.py. Labels decide where style_labels.csv gives them (photos it leaves out are left out);
    without it each garment is looked at. Masks are found where the folder has none.
    found: photos without a mask or a label too, if their garment is sure, and the panels of all. What a folder with
    labels does not call plain counts as printed, of which the panels alone are known: of 445 garments that networks
    and colours held for plain, a third had words, stripes or a trim.
    """
    photos = load_garments(folder, masked=True, find_mask=found_mask)
    looks = labels(folder)
    if found and has_masks(folder):
        masked = {photo.key for photo in photos}
        others = sure_masks(pair for pair in photo_paths(folder) if pair[0] not in masked and not held_out(pair[0]))
        photos += [replace(photo, look=looks.get(photo.key)) for photo in others]
    photos = [photo for photo in photos if not held_out(photo.key) and (found or not looks or photo.look is not None)]
    plain, printed = [], []
    for photo in with_panels(photos) if found else photos:
        if not (photo.look == "plain" if looks else is_plain(photo)):
            printed.append(photo)
        elif median_luminance(photo) > MIN_LUMINANCE:
            plain.append(photo)
    return plain, printed


def is_plain(photo: GarmentPhoto) -> bool:
    """Whether the garment is of one colour, as far as the shipped drape network and its colours tell."""
    assert photo.mask is not None
    network = _network()
    if network is None:
        return False
    frame = garment_frame(garment_box(photo.mask), SIDE)
    image, mask = garment_square(photo.pixels, photo.mask.astype(np.float32) / 255, frame, SIDE)
    inside = mask > 0.9
    if not inside.any():
        return False
    found = network(image=image[None].astype(np.float32) / 127.5 - 1, mask=mask[None, ..., None])
    luminance = log_luminance(image, mask)
    shading = integrate(found["slopes"][0], found["trend"][0], mask[..., None])
    well_inside = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    colours = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)[inside][:, 1:]
    return (
        bool(well_inside.any())
        and float((found["print"][0, ..., 0][well_inside] > 0).mean()) < MOST_PRINT
        and plainness(found["slopes"][0], luminance, shading, mask) > LEAST_PLAINNESS
        and float(np.abs(luminance - shading)[inside].mean()) < MOST_APART
        and float(np.abs(colours - np.median(colours, 0)).mean()) < MOST_COLOURS
    )


@cache
def _network() -> Network | None:
    return Network(DRAPE_NETWORK, threads=1) if DRAPE_NETWORK.is_file() else None
