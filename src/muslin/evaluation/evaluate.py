"""Judge a folder of made pictures: beside real ones, and each beside the photo and the swatch that it was made from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from muslin import store
from muslin.errors import EXIT_DATA, UserError
from muslin.evaluation.faithful import Faithful, judge_faithful
from muslin.evaluation.measures import Measure
from muslin.evaluation.pictures import Origin, by_name, origin_of, pictures_in, read
from muslin.evaluation.shipped import feature_network
from muslin.garments.network import Network
from muslin.metrics import neighbours
from muslin.metrics.cloth import tileability
from muslin.metrics.distribution import frechet, kid
from muslin.metrics.estimates import Estimate, average
from muslin.metrics.features import SIDE, FeatureNetwork, patches
from muslin.metrics.perceptual import MOST, diversity

FEWEST, ENOUGH = 20, 200  # pictures on each side: refused below the first, warned of below the second
FEWEST_FRECHET, ENOUGH_FRECHET = 100, 2000
PATCHES = 8  # of each picture
FAITHFUL_MOST = 200  # pictures held beside their photos: that takes a second each

Advance = Callable[..., Any]


@dataclass(frozen=True)
class Case:
    """One made picture, for the report. worry: the higher the sooner it is shown. nearest: the real picture most like
    it; closeness: how near, 1 = as near as your pictures are to each other.
    """

    made: Path
    worry: float
    words: str
    nearest: Path | None = None
    closeness: float | None = None
    origin: Origin = field(default_factory=Origin)
    faithful: Faithful | None = None


@dataclass(frozen=True)
class Evaluation:
    """What was measured. made, real: names and counts. warnings: what not to trust. cases: the worst first."""

    made: str
    real: str | None
    counts: tuple[int, int]
    network: dict[str, Any]
    measures: tuple[Measure, ...]
    warnings: tuple[str, ...]
    cases: tuple[Case, ...]
    seconds: float
    images_per_second: float

    def __getitem__(self, key: str) -> Estimate:
        """The figure called `key`; KeyError where it was not measured."""
        return next((m.estimate for m in self.measures if m.key == key), None) or _absent(key)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "made": {"path": self.made, "pictures": self.counts[0]},
            "real": None if self.real is None else {"path": self.real, "pictures": self.counts[1]},
            "network": self.network,
            "measures": {measure.key: measure.as_dict() for measure in self.measures},
            "warnings": list(self.warnings),
            "worst": [_case_as_dict(case) for case in self.cases[:20]],
            "seconds": round(self.seconds, 2),
            "images_per_second": round(self.images_per_second, 1),
        }


def evaluate(
    made: str | Path,
    real: str | Path | Sequence[Path] | None = None,
    *,
    name: str | None = None,
    photos: str | Path | None = None,
    masks: str | Path | None = None,
    whole: bool = True,
    tiles: bool = False,
    most: int = 2000,
    seed: int = 0,
    progress: Advance | None = None,
) -> Evaluation:
    """Measure the pictures in the folder `made` against those in `real`, each interval at 95 %.

    real: a folder, or files.  name: of the real ones in the report.
    photos, masks: folders with the photos (and garment masks) that the made ones came from, by name; None: what the
        settings inside the files say. Faithfulness is measured for those that have a photo.
    whole: compare whole pictures; False: patches of them.
    tiles: the made pictures are meant as seamless repeats.
    most: pictures of each side that are read.
    Raises UserError (exit code 3) where nothing can be measured: too few pictures, and no photos beside them.
    """
    started = time.perf_counter()
    advance = progress or (lambda done, total=None, note="": None)
    network = feature_network()
    warnings: list[str] = []
    paths = pictures_in(made, most, seed)
    real_paths = pictures_in(real, most, seed) if real is not None else []
    total = (len(paths) + len(real_paths)) if min(len(paths), len(real_paths)) >= FEWEST else 0
    measures: list[Measure] = []
    near: neighbours.Nearest | None = None
    if total:
        count = _counted(advance, total)
        (a, paths), (b, real_paths) = (_features(network, part, warnings, count) for part in (paths, real_paths))
    if total and min(len(paths), len(real_paths)) >= FEWEST:  # of those that could be read
        measures, near = _beside_real(network, (a, paths), (b, real_paths), whole, seed, warnings)
    elif real is not None:
        warnings.append(
            f"Fewer than {FEWEST} pictures on one side ({len(paths)} made, {len(real_paths)} real): distances and "
            "shares would be guesses and were left out."
        )
    rated = total / max(time.perf_counter() - started, 1e-9) if total else 0.0
    origins = _origins(paths, photos, masks)
    faithful = _faithful(paths, origins, advance, seed)
    measures += _about_garments(list(faithful.values()), warnings)
    seams = [tileability(picture) for picture in read(paths[:MOST])] if tiles else []
    if seams:
        measures.append(Measure("seam", average(seams, np.median)))
    if not measures:
        raise UserError(
            "There is nothing to measure with so few pictures.",
            received=f"{len(paths)} made, {len(real_paths)} real",
            possible=f"at least {FEWEST} on each side, {ENOUGH} are better",
            advice="Or give the photos that they were made from, with --photos.",
            exit_code=EXIT_DATA,
        )
    return Evaluation(
        made=str(made),
        real=None if real is None else name or (str(real) if isinstance(real, (str, Path)) else "files"),
        counts=(len(paths), len(real_paths)),
        network={**network.as_dict(), "patches": not whole},
        measures=tuple(measures),
        warnings=tuple(warnings),
        cases=tuple(_cases(paths, real_paths, near, origins, faithful)),
        seconds=time.perf_counter() - started,
        images_per_second=rated,
    )


def _features(
    network: FeatureNetwork,
    paths: Sequence[Path],
    warnings: list[str],
    count: Callable[[Iterator[np.ndarray]], Iterator[np.ndarray]],
) -> tuple[np.ndarray, list[Path]]:
    """Features of those that can be read, and these."""
    bad: dict[int, str] = {}
    found = network.features(count(read(paths, bad)))
    if bad:
        first = next(iter(bad.values()))
        warnings.append(f"{len(bad)} of {len(paths)} files could not be read and were left out. The first: {first}")
    return found, [path for index, path in enumerate(paths) if index not in bad]


def _beside_real(
    network: FeatureNetwork,
    ours: tuple[np.ndarray, Sequence[Path]],
    theirs: tuple[np.ndarray, Sequence[Path]],
    whole: bool,
    seed: int,
    warnings: list[str],
) -> tuple[list[Measure], neighbours.Nearest]:
    """All that compares two sets (features and their files), and the nearest real picture of each made one."""
    (a, made), (b, real) = ours, theirs
    groups: dict[str, Any] = {}
    x, y = a, b
    if not whole:
        (x, groups["made_groups"]), (y, groups["real_groups"]) = (
            _of_patches(network, paths, seed) for paths in (made, real)
        )
    fewest = min(len(a), len(b))
    note = f"on {network.label}" + ("" if whole else f", {PATCHES} patches a picture")
    if fewest < ENOUGH:
        warnings.append(f"Only {fewest} pictures on one side: intervals are wide. {ENOUGH} and more say something.")
    found = [Measure("kid", kid(x, y, seed=seed, **groups), note)]
    if fewest >= FEWEST_FRECHET:
        found.append(Measure("frechet", frechet(x, y, seed=seed, **groups), note))
        if fewest < ENOUGH_FRECHET:
            warnings.append(
                f"The Fréchet distance reads too high below {ENOUGH_FRECHET:,} pictures: only compare it with one of "
                f"{len(a):,} made against {len(b):,} real."
            )
    # With unequal counts the larger set's neighbourhoods are smaller, and shares of the two cannot be compared.
    rng = np.random.default_rng(seed)
    a, b = neighbours.directions(a), neighbours.directions(b)
    shape = neighbours.manifold(*(part[rng.permutation(len(part))[:fewest]] for part in (a, b)))
    found += [Measure("told_apart", neighbours.told_apart(a, b), note), Measure("precision", shape.precision)]
    found += [Measure("density", shape.density), Measure("recall", shape.recall), Measure("coverage", shape.coverage)]
    found.append(Measure("variety", _variety(network, made, real), f"perceptual distances on {network.label}"))
    near = neighbours.nearest_real(a, b)
    found.append(Measure("copied", near.share, f"nearer than {neighbours.CLOSE:g} of the usual distance"))
    return found, near


def _variety(network: FeatureNetwork, made: Sequence[Path], real: Sequence[Path]) -> Estimate:
    """Variety of the made pictures as a share of that of the real ones; relative errors add in squares."""
    small = FeatureNetwork(network._network.path, network.name, network.sha256, side=128)
    rng = np.random.default_rng(0)
    ours, theirs = (
        diversity(small, read([paths[i] for i in rng.permutation(len(paths))[:MOST]])) for paths in (made, real)
    )
    ratio = ours.value / max(theirs.value, 1e-9)
    half = 1.96 * ratio * float(np.hypot(ours.error / max(ours.value, 1e-9), theirs.error / max(theirs.value, 1e-9)))
    return Estimate(ratio, max(0.0, ratio - half), ratio + half, min(ours.count, theirs.count))


def _of_patches(network: FeatureNetwork, paths: Sequence[Path], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(features of patches, which picture each is from)."""
    small = FeatureNetwork(network._network.path, network.name, network.sha256, side=SIDE // 2)
    groups: list[int] = []

    def cut() -> Iterator[np.ndarray]:
        for index, picture in enumerate(read(paths)):
            for patch in patches(picture, PATCHES, seed=(seed, index)):
                groups.append(index)
                yield patch

    found = small.features(cut())
    return found, np.array(groups)


def _origins(paths: Sequence[Path], photos: str | Path | None, masks: str | Path | None) -> list[Origin]:
    by_photo = None if photos is None else by_name(Path(photos))
    by_mask = None if masks is None else by_name(Path(masks))
    origins = [origin_of(path, by_photo, by_mask) for path in paths]
    if photos is not None and paths and not any(origin.photo for origin in origins):
        raise UserError(
            f"No made picture has its photo in '{photos}'.",
            received=paths[0].name,
            advice="Photos are found by name: coat.jpg for coat.png or coat.tartan.png.",
            exit_code=EXIT_DATA,
        )
    return origins


def _faithful(paths: Sequence[Path], origins: Sequence[Origin], advance: Advance, seed: int) -> dict[int, Faithful]:
    """Index of a made picture -> how faithful it is, for those whose photo is known (FAITHFUL_MOST at most)."""
    known = [index for index, origin in enumerate(origins) if origin.photo is not None]
    if len(known) > FAITHFUL_MOST:
        known = sorted(np.random.default_rng(seed).permutation(known)[:FAITHFUL_MOST].tolist())
    if not known:
        return {}
    try:
        segment: Network | None = Network(store.load("mask").file())
    except UserError:
        segment = None
    found = {}
    for done, index in enumerate(known):
        advance(done, total=len(known), note=paths[index].name)
        try:
            found[index] = judge_faithful(paths[index], origins[index], segment)
        except UserError:
            continue  # a photo that has gone or shows no garment: nothing to be faithful to
    return found


def _about_garments(found: Sequence[Faithful], warnings: list[str]) -> list[Measure]:
    measures = []
    for key, statistic in (("leakage", np.mean), ("silhouette", np.median), ("shading", np.median),
                           ("ghost", np.median), ("edges", np.median), ("palette", np.median)):  # fmt: skip
        values = [value for one in found if (value := getattr(one, key)) is not None]
        if values:
            note = "mean" if statistic is np.mean else "median"
            measures.append(Measure(key, average(values, statistic), f"{note} of {len(values)} pictures"))
    if lost := sum(one.silhouette == 0 for one in found):
        warnings.append(
            f"In {lost} of {len(found)} made pictures no garment was found where the photo shows it: their outline "
            "counts as lost."
        )
    if found and len(found) < FEWEST:
        warnings.append(f"Only {len(found)} pictures were held beside their photos: look at them one by one.")
    if any(one.lossy for one in found):
        warnings.append(
            "Some files are JPEG or WebP, which change every pixel a little: leakage allows them 16 levels."
        )
    return measures


def _cases(
    paths: Sequence[Path],
    real: Sequence[Path],
    near: neighbours.Nearest | None,
    origins: Sequence[Origin],
    faithful: dict[int, Faithful],
) -> list[Case]:
    """All made pictures, the most worrying first: leaks, copies, lost light, then the least like any real."""
    cases = []
    for index, path in enumerate(paths):
        close = None if near is None else float(near.closeness[index])
        one = faithful.get(index)
        reasons = list(one.worries) if one else []
        if near is not None and close is not None:
            if near.copied[index]:
                reasons.append((3.0 + neighbours.CLOSE - close, "very close to one of yours"))
            elif close > 1.0:
                reasons.append((min(2.0, 0.5 * (close - 1.0)), "unlike any of yours" if close > 1.8 else ""))
        words = ", ".join(text for _, text in sorted(reasons, reverse=True) if text)
        cases.append(
            Case(
                path,
                sum(weight for weight, _ in reasons),
                words[:1].upper() + words[1:],
                real[near.index[index]] if near is not None else None,
                close,
                origins[index],
                one,
            )
        )
    return sorted(cases, key=lambda case: -case.worry)


def _counted(advance: Advance, total: int) -> Callable[[Iterator[np.ndarray]], Iterator[np.ndarray]]:
    done = 0

    def count(pictures: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        nonlocal done
        for picture in pictures:
            yield picture
            done += 1
            advance(done, total=total, note="looking at pictures")

    return count


def _case_as_dict(case: Case) -> dict[str, Any]:
    return {
        "made": str(case.made),
        "words": case.words,
        "nearest": None if case.nearest is None else str(case.nearest),
        "closeness": None if case.closeness is None else round(case.closeness, 3),
        "photo": None if case.origin.photo is None else str(case.origin.photo),
        **(case.faithful.as_dict() if case.faithful else {}),
    }


def _absent(key: str) -> Any:
    raise KeyError(key)
