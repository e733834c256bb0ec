"""The public face: a GAN in five lines, for designs from noise and for style transfer alike.

    from muslin import *

    input, target = preprocess_data()              # the embedded garments, and noise to make new ones from
    generator = create_generator()
    discriminator = create_discriminator()
    train(generator, discriminator, input, target, epochs=60)
    loss(generator, discriminator, input, target)

`preprocess_data("my_collection")` designs from a folder; `preprocess_data("photos", "looks")` gives the photos
the look of the second folder. Nothing else changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from muslin.data.collection import EMBEDDED_COUNT, load_collection, require_whole
from muslin.errors import EXIT_DATA, UserError, missing_extra

if TYPE_CHECKING:
    from muslin.training.engine import History

LATENT_SIZE = 64
LATENT_ROWS = 8_192  # draws of noise; so many that the generator cannot tie each to one picture
MOST_IMAGES = 60_000  # without `epochs`: about 7 minutes at 32 px on 2 cores


class Losses(NamedTuple):
    """What each side still has to lose. In balance (non_saturating): discriminator 1.39, generator 0.69."""

    discriminator: float
    generator: float


def preprocess_data(
    input: Any = None, target: Any = None, *, size: int = 32, count: int = EMBEDDED_COUNT, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(input, target), ready for `train`, as float32; pictures are N x size x size x 3 in [-1, 1].

    preprocess_data(): the embedded garments as target, noise as input.
    preprocess_data(collection): the same for your pictures: design.
    preprocess_data(photos, looks): pictures as input: style transfer.
    preprocess_data(noise, collection): noise (N x numbers) of your own.

    A collection is a folder, a list of files, an array (N x H x W x 3, uint8, or float in [0, 1] or [-1, 1]),
    or "garments" or "textiles", which muslin draws itself.
    size: px; 16, 24, 32, 48, 64, 96 or 128. count: pictures drawn of an embedded collection.
    Raises UserError where pictures cannot be read or are too few.
    """
    if target is None:  # like range(): a single argument is the last one
        input, target = None, input
    wanted = _as_floats(load_collection(target, size, count=count, seed=seed))
    if input is None:
        noise = np.random.default_rng(seed).standard_normal((LATENT_ROWS, LATENT_SIZE))
        return noise.astype(np.float32), wanted
    if isinstance(input, np.ndarray) and input.ndim == 2:
        return input.astype(np.float32), wanted
    return _as_floats(load_collection(input, size, count=count, seed=seed)), wanted


def create_generator(size: int | None = None, *, channels: int = 24, seed: int = 0) -> Any:
    """A CNN (keras.Model) from noise or from pictures, whichever it meets first, to pictures.

    size: px of the pictures made from noise; by default those it is trained towards.
    """
    require_whole("channels", channels, 1)
    with _keras():
        from muslin import backend
        from muslin.networks.deferred import Generator

        backend.set_seed(seed)
        return Generator(size, channels)


def create_discriminator(size: int | None = None, *, channels: int = 24, seed: int = 1) -> Any:
    """A CNN with a fully connected head (keras.Model): pictures -> logits, positive for real."""
    require_whole("channels", channels, 1)
    with _keras():
        from muslin import backend
        from muslin.networks.deferred import Discriminator

        backend.set_seed(seed)
        return Discriminator(size, channels)


def train(
    generator: Any,
    discriminator: Any,
    input: np.ndarray,
    target: np.ndarray,
    epochs: int | None = None,
    *,
    batch_size: int = 16,
    loss: str = "non_saturating",
    learning_rate: float = 5e-4,
    r1_weight: float = 0.2,
    augmentation: bool = True,
    paired: bool = False,
    content_weight: float = 3.0,
    until_converged: bool = True,
    run: str | Path | None = None,
    seed: int = 0,
    screen: bool = True,
) -> History:
    """Train both networks in turns, until both have converged or `epochs` rounds through `target` are over.

    input, target: from `preprocess_data`. epochs: None trains until converged, 60,000 images at most.
    loss: non_saturating, least_squares, hinge, wasserstein (with R1 for its slope) or relativistic.
    r1_weight: brake on the discriminator; more where it wins, less where pictures stay blurred.
    paired: row i of target is what row i of input shall become (pix2pix); otherwise the look of target is
        learned as a whole, and `content_weight` keeps the folds and outlines of input.
    run: folder for log, previews and state; the same call again continues a run that was stopped.
    Returns the history: records, verdict in words, history["generator/loss"]. The generator then holds its
    averaged weights. Raises UserError where shapes do not fit or training diverges.
    """
    _check(input, target, paired)
    require_whole("epochs", 1 if epochs is None else epochs, 1)
    require_whole("seed", seed, 0)
    with _keras():
        from muslin.images import as_pixels
        from muslin.recipes.dcgan import DCGAN, DesignStream
        from muslin.training import engine
        from muslin.training.monitor import Monitor

        _build(generator, discriminator, input, target)
        pictures = as_pixels(target)
        recipe = DCGAN(
            seed=seed,
            size=int(target.shape[1]),
            batch_size=min(batch_size, len(target)),
            loss=loss,
            learning_rate=learning_rate,
            r1_weight=r1_weight,
            # A moved picture is no longer its source's partner.
            augmentation="fixed" if augmentation and not paired else "none",
            content="" if input.ndim == 2 else "target" if paired else "structure",
            content_weight=content_weight,
            given=(generator, discriminator),
        )
        images = MOST_IMAGES if epochs is None else epochs * len(target)
        stream = DesignStream(recipe, pictures, np.asarray(input, np.float32), seed)
        monitor = Monitor(until_converged=until_converged, min_images=min(20_000, images // 2))
        folder = None if run is None else Path(run)
        history = engine.train(recipe, stream, folder, images=images, monitor=monitor, screen=screen)
    return history


def loss(
    generator: Any,
    discriminator: Any,
    input: np.ndarray,
    target: np.ndarray,
    *,
    kind: str = "non_saturating",
    most: int = 256,
) -> Losses:
    """The game's present score on the first `most` rows of input and target. kind: as `train`'s loss."""
    _check(input, target, paired=False)
    require_whole("most", most, 1)
    with _keras():
        import keras

        from muslin.losses import ADVERSARIAL

        if kind not in ADVERSARIAL:
            raise UserError("There is no such loss.", received=repr(kind), possible=sorted(ADVERSARIAL))
        _build(generator, discriminator, input, target)
        rows = min(len(input), len(target), most)
        fake = discriminator(generator(np.asarray(input[:rows], np.float32), training=False), training=False)
        real = discriminator(np.asarray(target[:rows], np.float32), training=False)
        game = ADVERSARIAL[kind]
        return Losses(
            float(keras.ops.convert_to_numpy(game.discriminator(real, fake))),
            float(keras.ops.convert_to_numpy(game.generator(real, fake))),
        )


def _build(generator: Any, discriminator: Any, input: np.ndarray, target: np.ndarray) -> None:
    """Give networks that wait for their first data their shapes; refuse a pair that does not fit."""
    if getattr(generator, "size", 0) is None:
        generator.size = int(target.shape[1])
    if not generator.built:
        generator.build((None, *input.shape[1:]))
    if not discriminator.built:
        discriminator.build((None, *target.shape[1:]))
    try:
        made = generator(np.asarray(input[:2], np.float32), training=False)
    except (ValueError, TypeError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            "The generator does not take this input.",
            received=f"input of shape {input.shape}",
            advice="A generator keeps the kind of input it met first; create another one.",
        ) from error
    if tuple(made.shape[1:]) != target.shape[1:]:
        raise UserError(
            "The generator's pictures and the target's differ in size.",
            received=f"{tuple(made.shape[1:])} made, {target.shape[1:]} wanted",
            advice="Use one `size` in preprocess_data and create_generator.",
        )


def _check(input: np.ndarray, target: np.ndarray, paired: bool) -> None:
    for name, value, axes in (("input", input, (2, 4)), ("target", target, (4,))):
        if not isinstance(value, np.ndarray) or value.ndim not in axes or not len(value):
            raise UserError(
                f"`{name}` must be an array as preprocess_data returns it.",
                received=getattr(value, "shape", type(value).__name__),
                possible="N x height x width x 3" + (", or N x numbers of noise" if 2 in axes else ""),
                exit_code=EXIT_DATA,
            )
        if value.dtype.kind not in "buif" or not np.isfinite(value).all():
            raise UserError(
                f"`{name}` must be finite numbers, all of it.",
                received=f"{value.dtype}" + (", some of it not finite" if value.dtype.kind == "f" else ""),
                advice="Look where it comes from; preprocess_data refuses pictures with such numbers.",
                exit_code=EXIT_DATA,
            )
        if value.ndim == 4 and (value.min() < -1.001 or value.max() > 1.001):
            raise UserError(
                f"Pictures in `{name}` must lie in [-1, 1].",
                received=f"values from {value.min():.3g} to {value.max():.3g}",
                advice="Pass them through preprocess_data first.",
                exit_code=EXIT_DATA,
            )
    if paired and len(input) != len(target):
        raise UserError(
            "Pairs need as many inputs as targets.",
            received=f"{len(input)} and {len(target)}",
            exit_code=EXIT_DATA,
        )


def _as_floats(pictures: np.ndarray) -> np.ndarray:
    return pictures.astype(np.float32) / 127.5 - 1.0


@contextmanager
def _keras() -> Iterator[None]:
    """Training needs the extra `train`; say so instead of an ImportError."""
    try:
        from muslin import backend  # noqa: F401  (before Keras: it says how TensorFlow is to be loaded)

        yield
    except ImportError as error:
        package = (error.name or "").split(".")[0]
        if package in ("keras", "tensorflow", "jax", "torch"):
            raise missing_extra(package, "train") from error
        raise
