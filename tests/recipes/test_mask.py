from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import ops

from muslin.recipes.mask import Mask
from muslin.training.engine import train


def test_the_loss_is_cross_entropy_and_dice() -> None:
    recipe = Mask(size=32, widths=(8, 8), batch_size=2)
    logits = np.random.default_rng(0).normal(0, 2, (2, 32, 32, 1)).astype(np.float32)
    mask = np.random.default_rng(1).uniform(0, 1, logits.shape).astype(np.float32)
    recipe.networks["generator"] = lambda image: ops.convert_to_tensor(logits)  # type: ignore[index,assignment]
    loss, logs = recipe.loss({"image": np.zeros((2, 32, 32, 3), np.float32), "mask": mask})
    chance = 1 / (1 + np.exp(-logits.astype(np.float64)))
    entropy = -(mask * np.log(chance) + (1 - mask) * np.log(1 - chance)).mean()
    overlap = (2 * (chance * mask).sum((1, 2, 3)) + 1) / ((chance + mask).sum((1, 2, 3)) + 1)
    assert float(logs["cross_entropy"]) == pytest.approx(entropy, rel=1e-5)
    assert float(loss) == pytest.approx(entropy + 0.5 * (1 - overlap.mean()), rel=1e-5)


def test_it_learns_where_a_rendered_garment_is() -> None:
    """On garments that it never saw, against the best that is blind: the mean mask, where it is likelier than not."""
    keras.utils.set_random_seed(0)
    recipe = Mask(size=32, widths=(8, 16, 24, 32), batch_size=8, learning_rate=1e-2, fine_batches=0, deep=True)
    stream = replace(recipe.stream(None, 0), camouflaged_share=0)
    unseen = replace(stream, seed=1)
    held = [unseen.batch(seen) for seen in (8, 16, 32, 40)]
    image, truth = (np.concatenate([batch[key] for batch in held]) for key in ("image", "mask"))
    truth = truth[..., 0] > 0.5

    def overlap(found: np.ndarray) -> float:
        return float(np.mean((found & truth).sum((1, 2)) / (found | truth).sum((1, 2))))

    blind = overlap(np.broadcast_to(truth.mean(0) > 0.5, truth.shape))
    train(recipe, stream, images=8 * 150, preview_every_images=0, screen=False)
    seen = overlap(ops.convert_to_numpy(recipe.networks["generator"](image))[..., 0] > 0)
    assert seen > blind + 0.2 * (1 - blind), (seen, blind)
