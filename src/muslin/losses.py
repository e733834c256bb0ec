"""Adversarial losses: logits -> scalar to minimise. Logits are the discriminator's output before any sigmoid.

Each is a pair of functions of (real_logits, fake_logits), arrays of one shape, any number of axes (a patch
discriminator gives several logits an image; the mean is over all). ADVERSARIAL maps their names to them.
Each takes weights for samples that count less or not at all (a garment whose truth is unknown is no real one):
arrays that broadcast against the logits, batch x 1 x ...; None counts each sample once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

Tensor = Any
Weights = Any  # a Tensor, or None


@dataclass(frozen=True)
class AdversarialLoss:
    """The two sides of one game.

    discriminator(real_logits, fake_logits, real_weights=None, fake_weights=None) -> scalar
    generator(real_logits, fake_logits, real_weights=None, fake_weights=None) -> scalar; only the relativistic
        generator looks at the real side.
    boundary: the logit between real and fake; None where only differences mean something.
    """

    discriminator: Callable[..., Tensor]
    generator: Callable[..., Tensor]
    boundary: float | None = 0.0


def weighted_mean(values: Tensor, weights: Weights = None) -> Tensor:
    """sum(w v) / sum(w), weights broadcast against values; 0 where all weights are 0; None: the plain mean."""
    if weights is None:
        return ops.mean(values)
    return ops.mean(values * weights) / ops.maximum(ops.mean(weights), 1e-6)


# Non-saturating: Goodfellow et al. 2014, section 3 (the generator maximises log D(G(z))).


def non_saturating_discriminator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean softplus(-real) + mean softplus(fake), at least 0; 2 log 2 where it cannot tell them apart.

    Goodfellow et al. 2014, equation 1.
    """
    real = weighted_mean(ops.softplus(-real_logits), real_weights)
    return real + weighted_mean(ops.softplus(fake_logits), fake_weights)


def non_saturating_generator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean softplus(-fake), at least 0; log 2 where fake logits are 0 (Goodfellow et al. 2014, section 3)."""
    return weighted_mean(ops.softplus(-fake_logits), fake_weights)


# Least squares: Mao et al. 2017 (LSGAN), equation 9: real -> 1, fake -> 0, the generator wants 1.


def least_squares_discriminator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """(mean (real - 1)^2 + mean fake^2) / 2, at least 0; a quarter where all logits are a half.

    Mao et al. 2017, equation 9.
    """
    real = weighted_mean(ops.square(real_logits - 1.0), real_weights)
    return 0.5 * real + 0.5 * weighted_mean(ops.square(fake_logits), fake_weights)


def least_squares_generator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean (fake - 1)^2 / 2, at least 0 (Mao et al. 2017, equation 9)."""
    return 0.5 * weighted_mean(ops.square(fake_logits - 1.0), fake_weights)


# Hinge: Lim & Ye 2017 (Geometric GAN), section 3; Miyato et al. 2018, equations 16 and 17.


def hinge_discriminator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean relu(1 - real) + mean relu(1 + fake), at least 0; 2 where all logits are 0.

    Miyato et al. 2018, equation 16.
    """
    real = weighted_mean(ops.relu(1.0 - real_logits), real_weights)
    return real + weighted_mean(ops.relu(1.0 + fake_logits), fake_weights)


def hinge_generator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """-mean fake, any number (Miyato et al. 2018, equation 17)."""
    return -weighted_mean(fake_logits, fake_weights)


# Wasserstein: Arjovsky et al. 2017, equation 2; needs a 1-Lipschitz critic (regularizers.gradient_penalty).


def wasserstein_discriminator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean fake - mean real, any number: minus the distance that the critic sees (Arjovsky et al. 2017, equation 2)."""
    return weighted_mean(fake_logits, fake_weights) - weighted_mean(real_logits, real_weights)


def wasserstein_generator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """-mean fake, any number (Arjovsky et al. 2017, equation 2)."""
    return -weighted_mean(fake_logits, fake_weights)


# Relativistic pairing: Jolicoeur-Martineau 2019, section 4.1.2; with R1 and R2 it converges (R3GAN, Huang et
# al. 2024, section 2). Real and fake are compared pair by pair, so both batches have one size.


def relativistic_discriminator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean softplus(fake - real) over pairs, at least 0; log 2 where it cannot tell them apart.

    Jolicoeur-Martineau 2019, section 4.1.2.
    """
    return weighted_mean(ops.softplus(fake_logits - real_logits), _both(real_weights, fake_weights))


def relativistic_generator(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> Tensor:
    """Mean softplus(real - fake) over pairs, at least 0 (Jolicoeur-Martineau 2019, section 4.1.2)."""
    return weighted_mean(ops.softplus(real_logits - fake_logits), _both(real_weights, fake_weights))


def _both(real_weights: Weights, fake_weights: Weights) -> Weights:
    """A pair counts as much as both its members do."""
    if real_weights is None or fake_weights is None:
        return fake_weights if real_weights is None else real_weights
    return real_weights * fake_weights


ADVERSARIAL: dict[str, AdversarialLoss] = {
    "non_saturating": AdversarialLoss(non_saturating_discriminator, non_saturating_generator),
    "least_squares": AdversarialLoss(least_squares_discriminator, least_squares_generator, 0.5),
    "hinge": AdversarialLoss(hinge_discriminator, hinge_generator),
    "wasserstein": AdversarialLoss(wasserstein_discriminator, wasserstein_generator, None),
    "relativistic": AdversarialLoss(relativistic_discriminator, relativistic_generator, None),
}


def accuracies(
    real_logits: Tensor, fake_logits: Tensor, real_weights: Weights = None, fake_weights: Weights = None
) -> dict[str, Tensor]:
    """What the convergence monitor reads: the shares of real and of fake that the discriminator gets right.

    Judged by the midpoint of the two means, not by zero: a Wasserstein or relativistic score has no zero.
    """
    middle = 0.5 * (weighted_mean(real_logits, real_weights) + weighted_mean(fake_logits, fake_weights))
    real_right = ops.cast(real_logits > middle, "float32")
    fake_right = ops.cast(fake_logits <= middle, "float32")
    return {
        "real_accuracy": weighted_mean(real_right, real_weights),
        "fake_accuracy": weighted_mean(fake_right, fake_weights),
    }


def diversity(images: Tensor) -> Tensor:
    """Mean over pixels of the standard deviation over the batch: towards 0 where all outputs are the same."""
    return ops.mean(ops.std(images, axis=0))


def patch_nce(query: Tensor, key: Tensor, temperature: float = 0.07) -> Tensor:
    """PatchNCE (CUT, Park et al. 2020, equation 3): tell the patch at the same place from the picture's other patches.

    query, key: N,P,C, of the output and of the input, of any length: they are divided by it here. The key is not
    trained. Returns the mean cross-entropy of N * P choices among P.
    """
    query, key = _unit(query), _unit(ops.stop_gradient(key))
    similarity = ops.einsum("npc,nqc->npq", query, key) / temperature
    own = ops.einsum("npc,npc->np", query, key) / temperature
    return ops.mean(ops.logsumexp(similarity, axis=-1) - own)


def masked_error(made: Tensor, wanted: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference inside the mask. N,H,W,C twice and N,H,W,1 in [0, 1]; a mask of ones: plain L1."""
    inside = ops.sum(mask) * made.shape[-1]
    return ops.sum(ops.abs(made - wanted) * mask) / (inside + 1e-6)


def _unit(vectors: Tensor) -> Tensor:
    return vectors * ops.rsqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True) + 1e-14)
