"""How the shipped network of pieces was taught (models/drape/pieces.onnx), from rendered garments and photos.

    python benchmarks/teach_pieces.py DATA --work FOLDER [--out FILE] [--garments N] [--photos N] [--teacher STEPS]
        [--student STEPS]

Three lessons, each kept in FOLDER and not given twice. A teacher, which sees the maps of the feature network besides,
learns from rendered garments. It tells the pieces of photos of the training side, as far as these can be true: a
T-shirt has no collar, a blazer opens, and where a front opens the light shows a line (garments/openings.py). The
student, which is shipped, learns from both. What the folder of a photo says of its garment is asked for nowhere else.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sewing_samples import DRAPE, STAGES, Samples, garments, photos, views

from muslin.data.drape_stream import ROLES_IN_THE_MIRROR
from muslin.export.onnx_files import to_onnx
from muslin.export.rounding import round_weights
from muslin.garments.fields import GEOMETRY, SIZE
from muslin.garments.network import Network
from muslin.garments.pieces import IN_THE_MIRROR, NEVER, PARTED, ROLES, WHOLE, cut, scores_of
from muslin.networks.fields import ONE_FOR_EACH_PANEL, UPRIGHT, WIDTHS, pieces_network

BATCH = {"teacher": 24, "student": 32}
SEEN = {"teacher": ("known", *STAGES), "student": ("image", "mask", "known")}
RATE, KEPT_OUT, OF_PHOTOS = 2e-3, 200, 0.5
LIKELY = 0.5  # probability from which a pixel's piece is told at all
OPEN = ("shirt", "blazer", "outwear")  # where no opening is found in them, nobody knows whether the front is one piece
ROLE = {role: k for k, role in enumerate(ROLES)}
FRONTS, LEAVES = ("left front", "right front"), ("left collar", "right collar")
HAS_NOT = {  # kinds of garments by their folder
    ("t-shirt", "undershirt", "top", "body"): (*FRONTS, *LEAVES, "strip"),
    ("pants", "shorts", "skirt"): (*FRONTS, *LEAVES, "stand"),
    ("hat", "shoes"): (*FRONTS, *LEAVES, "strip", "pocket"),
    ("polo",): FRONTS,
}
HAS_RATHER = {  # logits
    ("dress", "longsleeve"): {FRONTS: -2.5, (*LEAVES, "strip"): -1.5},
    ("polo",): {LEAVES: 2.0},
    ("shirt",): {(*LEAVES, "strip"): 1.5, FRONTS: 1.0},
    ("hoodie",): {LEAVES: -2.0, ("stand",): 1.0},
    ("outwear",): {FRONTS: 2.5},
    ("blazer",): {FRONTS: 4.0, LEAVES: 2.0},
}


def teacher(width: int, drop: float = 0.1) -> keras.Model:
    """What is known and the maps of the feature network -> roles and grain, both at half the size; 2.2 M weights."""
    half, channels = GEOMETRY // 2, dict(zip(STAGES, (24, 40, 112, 320), strict=True))
    known = keras.Input((half, half, 2 * width), name="known")
    maps = [keras.Input((half >> k, half >> k, channels[name]), name=name) for k, name in enumerate(STAGES)]

    def seen(x, wide, stride=1):
        return layers.Conv2D(wide, 3, strides=stride, padding="same", activation="silu")(x)

    def read(k, wide):
        x = layers.SpatialDropout2D(drop)(layers.LayerNormalization()(maps[k]))
        return layers.Conv2D(wide, 1, activation="silu")(x)

    def again(x):
        little = keras.initializers.VarianceScaling(0.1)
        change = layers.Conv2D(x.shape[-1], 3, padding="same", kernel_initializer=little)(seen(x, x.shape[-1]))
        return layers.Add()([x, change])

    near = layers.Conv2D(40, 1, activation="silu")(known)
    x = seen(layers.Concatenate()([near, read(0, 16)]), 48)
    skips = [x]
    for k, wide, kept, inner in ((1, 64, 32, 64), (2, 112, 96, 128), (3, 160, 128, 160)):
        x = seen(layers.Concatenate()([seen(x, wide, 2), read(k, kept)]), inner)
        x = again(x) if k > 1 else x
        skips.append(x)
    for skip in reversed(skips[:-1]):
        wide = skip.shape[-1]
        x = layers.UpSampling2D(2, interpolation="bilinear")(layers.Conv2D(wide, 1)(x))
        x = seen(layers.Add()([skip, x]), wide)
    zeros = {"padding": "same", "kernel_initializer": "zeros"}
    roles = layers.Conv2D(len(ROLES), 3, bias_initializer=ONE_FOR_EACH_PANEL, **zeros)(x)
    grain = layers.Conv2D(2, 3, bias_initializer=UPRIGHT, **zeros)(x)
    return keras.Model([known, *maps], {"roles": roles, "grain": grain})


def loss(said: dict, batch: dict) -> tf.Tensor:
    """As recipes.drape.pieces_error, at whatever size the roles are said; grain where it is known."""
    fine = said["roles"].shape[1] == batch["roles"].shape[1]
    roles = batch["roles"] if fine else batch["roles"][:, 1::2, 1::2]
    known = tf.cast(roles > 0, tf.float32)
    target = tf.one_hot(tf.maximum(roles - 1, 0), len(ROLES))
    entropy = -tf.reduce_sum(target * tf.nn.log_softmax(said["roles"]), -1)
    weight = known * (1 + tf.cast(roles > WHOLE, tf.float32))
    there = tf.cast(tf.reduce_any(batch["grain"] != 0, -1), tf.float32)
    there *= known[:, 1::2, 1::2] if fine else known
    wrong = tf.reduce_sum(tf.abs(said["grain"] - batch["grain"]), -1)
    told = tf.reduce_sum(entropy * weight) / (tf.reduce_sum(weight) + 1)
    return told + 0.5 * tf.reduce_sum(wrong * there) / (tf.reduce_sum(there) + 1)


def drawn(rng: np.random.Generator, sets: list[Samples], names: tuple[str, ...], size: int) -> dict[str, np.ndarray]:
    """A batch, in equal parts of each set; nothing of the first's last KEPT_OUT."""
    parts = []
    for k, samples in enumerate(sets):
        last = len(samples) - (KEPT_OUT if k == 0 else 0)
        parts.append(samples.batch(rng.integers(0, last, size // len(sets)), (*names, "roles", "grain")))
    batch = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return batch | {"roles": batch["roles"].astype(np.int32), "grain": batch["grain"].astype(np.float32)}


def taught(network: keras.Model, names: tuple[str, ...], sets: list[Samples], size: int, steps: int) -> None:
    """AdamW with a warm-up and a cosine; the network becomes the moving mean of its weights."""
    warm = min(150, steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(0.05 * RATE, steps, 0.02, warmup_target=RATE, warmup_steps=warm)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-3, global_clipnorm=1.0)
    weights = network.trainable_variables
    optimizer.build(weights)
    mean = [tf.Variable(value) for value in weights]

    @tf.function
    def step(batch: dict) -> tf.Tensor:
        with tf.GradientTape() as tape:
            error = loss(network({name: batch[name] for name in names}, training=True), batch)
        optimizer.apply(tape.gradient(error, weights), weights)
        return error

    rng, begun, errors = np.random.default_rng(1), time.time(), []
    for k in range(steps):
        batch = drawn(rng, sets, names, size)
        errors.append(float(step({name: tf.constant(value) for name, value in batch.items()})))
        slow = min(0.998, (1 + k) / (10 + k))
        for kept, value in zip(mean, weights, strict=True):
            kept.assign(slow * kept + (1 - slow) * value)
        if k % 200 == 199 or k == steps - 1:
            print(f"  {k + 1} steps, {time.time() - begun:.0f} s: {np.mean(errors[-200:]):.4f}", flush=True)
    for kept, value in zip(mean, weights, strict=True):
        value.assign(kept)


def prior(kind: str) -> np.ndarray:
    """Logits of the roles, by the folder that a photo lay in."""
    known = np.zeros(len(ROLES), np.float32)
    for kinds, roles in HAS_NOT.items():
        known[[ROLE[role] for role in roles] if kind in kinds else []] = NEVER
    for kinds, rather in HAS_RATHER.items():
        for roles, logit in rather.items() if kind in kinds else ():
            known[[ROLE[role] for role in roles]] += logit
    return known


def told(roles: np.ndarray, grain: np.ndarray, inside: np.ndarray, shown: dict, kind: str) -> np.ndarray:
    """Pieces of one photo, uint8 SxS: 0 where nobody knows. roles, grain: what the teacher says; shown: of the view."""
    scores = cv2.GaussianBlur(roles, (0, 0), 1.0)
    scores = scores + prior(kind)
    light, panels = shown["light"].astype(np.float32), shown["panels"].astype(np.float32)
    pieces = cut(scores, grain, inside, panels, np.zeros((32, 32, 4, 2), np.float32), light)
    role = pieces.role[pieces.shares.argmax(-1)]
    odds = cv2.resize(scores_of(scores, panels), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    chance = np.exp(odds - odds.max(-1, keepdims=True))
    chance /= chance.sum(-1, keepdims=True)
    sure = np.take_along_axis(chance, role[..., None], -1)[..., 0]
    sure = np.where(np.isin(role, (0, *PARTED)), chance[..., [0, *PARTED]].sum(-1), sure)
    labels = np.where(inside & (sure > LIKELY), role + 1, 0).astype(np.uint8)
    strip = ((role == ROLE["strip"]) & inside).sum() > 0.02 * inside.sum()
    if kind in OPEN and not strip and not np.isin(PARTED, pieces.role).any():
        labels[labels == 1] = 0
    return labels


def photos_told(teach: Callable[..., dict], samples: Samples, kinds: list[str]) -> np.ndarray:
    """Roles of all views, uint8 N x GEOMETRY x GEOMETRY. samples: three of each photo, the second in the mirror."""
    out = np.zeros((3 * len(kinds), GEOMETRY, GEOMETRY), np.uint8)
    for k, kind in enumerate(kinds):
        said = teach(samples.batch(np.array([3 * k, 3 * k + 1]), SEEN["teacher"]))
        both = [said["roles"][0], said["roles"][1][:, ::-1][..., IN_THE_MIRROR]]
        grain = (said["grain"][0] + said["grain"][1][:, ::-1] * np.array([1, -1], np.float32)) / 2
        shown = {name: samples.fields[name][3 * k] for name in ("mask", "light", "panels", "frame")}
        inside = cv2.resize(shown["mask"], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR) > 127
        labels = told(np.mean(both, 0), grain, inside, shown, kind)
        out[3 * k] = labels[1::2, 1::2]
        out[3 * k + 1] = ROLES_IN_THE_MIRROR[out[3 * k][:, ::-1]]
        frames = [np.vstack([samples.fields["frame"][3 * k + view], [0, 0, 1]]) for view in (0, 2)]
        turn = (frames[1] @ np.linalg.inv(frames[0]))[:2]
        turned = cv2.warpAffine(labels, turn, (SIZE, SIZE), flags=cv2.INTER_NEAREST)[1::2, 1::2]
        out[3 * k + 2] = ROLES_IN_THE_MIRROR[turned] if np.linalg.det(turn[:, :2]) < 0 else turned
    return out


def pictured(data: Path, chosen: list[tuple[str, Path]], kinds: list[str]) -> Iterator[dict]:
    """Three views of each photo in which a garment is found; the kind of each is added to `kinds`."""
    drape = Network(DRAPE)
    for key, path in chosen:
        found = views(data, key, path, drape)
        if found:
            kinds.append(key.split("/")[0])
            yield from found


def given(options: argparse.Namespace) -> list[Samples]:
    """Rendered garments, and photos; `photos_kinds.txt` beside them."""
    rendered, shown = Samples(options.work, "rendered"), Samples(options.work, "photos")
    if not rendered.fields:
        rendered.write(islice(garments(options.data), options.garments), options.garments)
    if not shown.fields:
        kinds: list[str] = []
        chosen = photos(options.data)[: options.photos]
        shown.write(pictured(options.data, chosen, kinds), 3 * len(chosen))
        (options.work / "photos_kinds.txt").write_text("\n".join(kinds))
    return [rendered, shown]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="for samples (0.6 MB each) and weights")
    parser.add_argument("--garments", type=int, default=12_000, help="rendered ones")
    parser.add_argument("--photos", type=int, help="at most; all that are of use, if not given")
    parser.add_argument("--teacher", type=int, default=1_800, help="steps")
    parser.add_argument("--student", type=int, default=6_000, help="steps")
    parser.add_argument("--out", type=Path, help="the student as ONNX")
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    rendered, shown = given(options)
    lesson = options.work / "teacher.weights.h5"
    knows = teacher(WIDTHS[0])
    if lesson.is_file():
        knows.load_weights(lesson)
    else:
        taught(knows, SEEN["teacher"], [rendered], BATCH["teacher"], options.teacher)
        knows.save_weights(lesson)
    if "roles" not in shown.fields:
        teach = tf.function(lambda batch: knows(batch, training=False))
        kinds = (options.work / "photos_kinds.txt").read_text().split("\n")
        roles = photos_told(lambda batch: {k: v.numpy() for k, v in teach(batch).items()}, shown, kinds)
        np.save(options.work / "photos_grain.npy", np.zeros((len(roles), GEOMETRY // 2, GEOMETRY // 2, 2), np.float16))
        np.save(options.work / "photos_roles.npy", roles)
        shown = Samples(options.work, "photos")
    student = pieces_network(WIDTHS[0])
    taught(student, SEEN["student"], [rendered, shown], BATCH["student"], options.student)
    student.save_weights(options.work / "student.weights.h5")
    if options.out:
        round_weights([student], "int8")
        to_onnx(student, options.out)


if __name__ == "__main__":
    main()
