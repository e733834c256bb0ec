"""Images at the edge: files become sRGB uint8 arrays here, and arrays files. Also sRGB <-> linear light.

Pillow reads (it knows profiles, orientation and odd modes). OpenCV reads what Pillow would truncate to 8
bits, and writes PNG three times faster. Both are imported at the first use, to keep this import cheap.
"""

from muslin.images.formats import FORMATS, LARGEST_SIDE, MAX_BYTES, MAX_PIXELS
from muslin.images.light import as_pixels, at_most, linear_to_srgb, luminance, resize, srgb_to_linear
from muslin.images.pixels import off_white, over_white
from muslin.images.reading import CONTACT_SHEET, Photo, find_images, is_contact_sheet, read_image
from muslin.images.writing import encode_image, make_folder, remove_parts, write_bytes, write_image

__all__ = [
    "CONTACT_SHEET",
    "FORMATS",
    "LARGEST_SIDE",
    "MAX_BYTES",
    "MAX_PIXELS",
    "Photo",
    "as_pixels",
    "at_most",
    "encode_image",
    "find_images",
    "is_contact_sheet",
    "linear_to_srgb",
    "luminance",
    "make_folder",
    "off_white",
    "over_white",
    "read_image",
    "remove_parts",
    "resize",
    "srgb_to_linear",
    "write_bytes",
    "write_image",
]
