"""Adversarial losses: logits -> scalar to minimise. Logits are the discriminator's output before any sigmoid.

Each is a pair of functions of (real_logits, fake_logits), arrays of one shape, any number of axes (a patch
discriminator gives several logits an image; the mean is over all). ADVERSARIAL maps their names to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

Tensor = Any


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of one game. Only the relativistic generator looks at `real_logits`."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


# Non-saturating: Goodfellow et al. 2014, section 3 (the generator maximises log D(G(z))).


def non_saturating_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))


def non_saturating_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(ops.softplus(-fake_logits))


# Least squares: Mao et al. 2017 (LSGAN), equation 9: real -> 1, fake -> 0, the generator wants 1.


def least_squares_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return 0.5 * ops.mean(ops.square(real_logits - 1.0)) + 0.5 * ops.mean(ops.square(fake_logits))


def least_squares_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return 0.5 * ops.mean(ops.square(fake_logits - 1.0))


# Hinge: Lim & Ye 2017 (Geometric GAN), section 3; Miyato et al. 2018, equations 16 and 17.


def hinge_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(ops.relu(1.0 - real_logits)) + ops.mean(ops.relu(1.0 + fake_logits))


def hinge_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -ops.mean(fake_logits)


# Wasserstein: Arjovsky et al. 2017, equation 2; needs a 1-Lipschitz critic (regularizers.gradient_penalty).


def wasserstein_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(fake_logits) - ops.mean(real_logits)


def wasserstein_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return -ops.mean(fake_logits)


# Relativistic pairing: Jolicoeur-Martineau 2019, section 4.1.2; with R1 and R2 it converges (R3GAN, Huang et
# al. 2024, section 2). Real and fake are compared pair by pair, so both batches have one size.


def relativistic_discriminator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(ops.softplus(fake_logits - real_logits))


def relativistic_generator(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return ops.mean(ops.softplus(real_logits - fake_logits))


ADVERSARIAL: dict[str, AdversarialLoss] = {
    "non_saturating": AdversarialLoss(non_saturating_discriminator, non_saturating_generator),
    "least_squares": AdversarialLoss(least_squares_discriminator, least_squares_generator),
    "hinge": AdversarialLoss(hinge_discriminator, hinge_generator),
    "wasserstein": AdversarialLoss(wasserstein_discriminator, wasserstein_generator),
    "relativistic": AdversarialLoss(relativistic_discriminator, relativistic_generator),
}


def accuracies(real_logits: Tensor, fake_logits: Tensor) -> dict[str, Tensor]:
    """What the convergence monitor reads: the shares of real and of fake that the discriminator gets right.

    Judged by the midpoint of the two means, not by zero: a Wasserstein or relativistic score has no zero.
    """
    middle = 0.5 * (ops.mean(real_logits) + ops.mean(fake_logits))
    real_right = ops.cast(real_logits > middle, "float32")
    fake_right = ops.cast(fake_logits <= middle, "float32")
    return {"real_accuracy": ops.mean(real_right), "fake_accuracy": ops.mean(fake_right)}


def diversity(images: Tensor) -> Tensor:
    """Mean over pixels of the standard deviation over the batch: towards 0 where all outputs are the same."""
    return ops.mean(ops.std(images, axis=0))
