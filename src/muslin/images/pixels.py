"""Decoded pixels of any mode, depth, profile and orientation become sRGB uint8, upright, alpha apart."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

ROUNDING = 2  # 8-bit steps by which one sRGB profile differs from another


def pillow_truncates(image: Any, data: bytes) -> bool:
    """Whether Pillow keeps only the high byte of a file's 16-bit colour, of which OpenCV gives all.

    image: as Pillow opened it. data: the file's bytes.
    """
    if image.format == "PNG":
        return data[24] == 16 and data[25] in (2, 4, 6)  # bit depth and colour type in IHDR
    if image.format == "TIFF":
        depth, photometric = image.tag_v2.get(258, (1,)), image.tag_v2.get(262)
        return photometric == 2 and max(depth) > 8
    return False


def decode_with_opencv(data: bytes) -> np.ndarray | None:
    """HxW, HxWx3 (RGB) or HxWx4 (RGBA) in the file's own depth, or None."""
    import cv2

    log: Any = cv2.utils.logging  # its stubs are empty
    level = log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    finally:
        log.setLogLevel(level)
    if pixels is None or pixels.ndim == 2:
        return pixels
    return pixels[..., [2, 1, 0, 3][: pixels.shape[2]]] if pixels.shape[2] >= 3 else pixels[..., 0]


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Any number type to uint8 of the same shape, by its range: the largest value says what white is.

    Floats up to 1, 255 or 65,535 have that for white, other numbers 65,535, larger ones their own largest; what is no
    finite number, or below 0, is black.
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    tops = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (65535.0,)
    top = next((limit for limit in tops if top <= limit), top)
    return np.round(np.clip(values / top, 0.0, 1.0) * 255.0).astype(np.uint8)


def split_alpha(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """(HxWx3, alpha HxW or None) of HxW, which becomes grey, HxWx3 or HxWx4, of any number type."""
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2), None
    return np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy() if pixels.shape[2] == 4 else None


def to_rgb(image: Any, icc: bytes | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Any Pillow mode to sRGB uint8 HxWx3, and its alpha uint8 HxW or None."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_eight_bits_of_numbers(image))
    alpha = None
    if image.has_transparency_data:
        image = image.convert("RGBA") if image.mode not in ("LA", "RGBA") else image
        alpha = np.asarray(image.getchannel("A"))
        image = image.convert("L" if image.mode == "LA" else "RGB")
    elif image.mode in ("P", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    elif image.mode == "1":
        image = image.convert("L")
    return np.asarray(to_srgb(image, icc)), alpha


def _eight_bits_of_numbers(image: Any) -> np.ndarray:
    values = np.asarray(image)
    if image.mode != "F" and values.dtype.kind in "iu" and values.dtype.itemsize > 2:
        if values.min(initial=0) < 0 and values.dtype.kind == "i" and _is_unsigned(image):
            values = values.view(np.uint32)
        top = 65535 if values.max(initial=0) <= 65535 else 2**31 - 1 if values.dtype.kind == "i" else 2**32 - 1
        return np.round(np.clip(values / top, 0.0, 1.0) * 255.0).astype(np.uint8)
    return eight_bits(values)


def _is_unsigned(image: Any) -> bool:
    return image.format == "TIFF" and image.tag_v2.get(339, (1,))[0] == 1


def to_srgb(image: Any, icc: bytes | None) -> Any:
    """A Pillow image of mode L, RGB, CMYK or LAB as sRGB; a profile that is broken counts as none."""
    if image.mode != "LAB" and not icc:
        return image.convert("RGB")
    from PIL import Image, ImageCms

    if image.mode == "LAB":
        profile: Any = ImageCms.createProfile("LAB")
    else:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc or b""))
        except Exception:
            return image.convert("RGB")
    try:
        transform = ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), image.mode, "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
        neutral = [(v,) * len(image.getbands()) for v in range(0, 256, 17)]
        ramp = Image.new(image.mode, (len(neutral), 1))
        ramp.putdata([v[0] for v in neutral] if image.mode == "L" else neutral)
        tones = np.asarray(ImageCms.applyTransform(ramp, transform)).astype(int)
        if image.mode != "LAB" and np.ptp(tones.mean(axis=2)) < 96:  # a damaged profile maps all tones to one
            return image.convert("RGB")
        if image.mode == "RGB" and _changes_nothing(transform):
            return image
        return ImageCms.applyTransform(image, transform)
    except Exception:  # profiles come damaged in many ways, and none of them should cost the picture
        if image.mode == "LAB":
            raise
        return image.convert("RGB")


def _changes_nothing(transform: Any) -> bool:
    """Whether a transform from RGB to sRGB moves no colour by more than rounding: whatever its profile is called, it is
    sRGB, and its pixels stay what they are.
    """
    from PIL import Image, ImageCms

    levels = np.arange(0, 256, 51, dtype=np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
    moved = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform)).astype(int)
    return bool(np.abs(moved - colours).max() <= ROUNDING)


def orientation_of(image: Any) -> int:
    """The EXIF orientation of a Pillow image, 1 to 8 where the file is sound; 1 where it says nothing."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # damaged EXIF is no reason to lose the picture
        return 1


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo EXIF orientation 1..8 (others are taken for 1). HxW or HxWxC; 5 to 8 exchange its sides."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def unless_opaque(alpha: np.ndarray | None) -> np.ndarray | None:
    """Alpha, uint8 HxW, where it hides anything; None where every pixel is 255."""
    return None if alpha is None or bool((alpha == 255).all()) else np.ascontiguousarray(alpha)


def over_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """uint8 HxWx3 laid over white by alpha, uint8 HxW (255 = opaque), in sRGB as browsers do."""
    import cv2

    ink = cv2.bitwise_not(np.ascontiguousarray(rgb))
    return cv2.bitwise_not(cv2.multiply(ink, cv2.merge([alpha] * 3), scale=1 / 255.0))


def off_white(seen: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """The colours that look like `seen` on white paper: what `over_white` was given, to a rounding.

    seen: uint8 HxWx3, as a Photo's pixels. alpha: uint8 HxW; None: opaque. Returns uint8 HxWx3, to write with alpha.
    """
    if alpha is None:
        return seen
    soft = (alpha > 0) & (alpha < 255)
    own, share = seen.copy(), alpha[soft][:, None].astype(np.float32) / 255
    own[soft] = np.rint(255 - (255 - seen[soft].astype(np.float32)) / share).clip(0, 255).astype(np.uint8)
    return own
