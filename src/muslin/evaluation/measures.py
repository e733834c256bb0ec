"""The measures by name: what each is called, in which unit, what it means in a designer's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from muslin.metrics.estimates import Estimate

GOOD, FAIR, POOR, PLAIN = "good", "fair", "poor", "plain"


@dataclass(frozen=True)
class Kind:
    """group: heading. title: a designer's words. term: the field's name. factor: what is shown is value * factor.
    digits: after the point. judge: value -> (level, sentence).
    """

    group: str
    title: str
    term: str
    judge: Callable[[Estimate], tuple[str, str]]
    factor: float = 1.0
    digits: int = 2
    unit: str = ""


@dataclass(frozen=True)
class Measure:
    """One figure of an evaluation. key: in KINDS. note: how it was taken, where that is not the same each time."""

    key: str
    estimate: Estimate
    note: str = ""

    @property
    def kind(self) -> Kind:
        return KINDS[self.key]

    @property
    def judged(self) -> tuple[str, str]:
        """(GOOD, FAIR, POOR or PLAIN; a sentence)."""
        return self.kind.judge(self.estimate)

    @property
    def shown(self) -> str:
        return self._number(self.estimate.value) + self.kind.unit

    @property
    def interval(self) -> str:
        return f"{self._number(self.estimate.low)} – {self._number(self.estimate.high)}"

    def as_dict(self) -> dict[str, Any]:
        level, sentence = self.judged
        return {
            **self.estimate.as_dict(),
            "title": self.kind.title,
            "term": self.kind.term,
            "level": level,
            "reading": sentence,
            **({"note": self.note} if self.note else {}),
        }

    def _number(self, value: float) -> str:
        text = f"{value * self.kind.factor:.{self.kind.digits}f}"
        return text.replace("-", "−") if float(text) else text.lstrip("-")


def steps(*levels: tuple[float, str, str], rising: bool = True) -> Callable[[Estimate], tuple[str, str]]:
    """A judge: the first (limit, level, sentence) that the value reaches; rising: limits fall, higher is better."""

    def judge(estimate: Estimate) -> tuple[str, str]:
        for limit, level, sentence in levels:
            if (estimate.value >= limit) if rising else (estimate.value <= limit):
                return level, sentence
        return levels[-1][1:]

    return judge


def _kid(estimate: Estimate) -> tuple[str, str]:
    """Anchors on EfficientNet-Lite0 at 224 px, 200 garment photos a side: docs/measures.md."""
    if estimate.high < 0:
        return POOR, "nearer than other pictures of yours would be: look for copies"
    if estimate.low <= 0:
        return GOOD, "no farther from your pictures than chance allows with this many"
    if estimate.value <= 0.01:
        return GOOD, "a little off, as your own pictures would be, saved as poor JPEGs"
    if estimate.value <= 0.06:
        return FAIR, "some way off (your own, slightly out of focus, would be at about 110)"
    return POOR, "far off (your own, slightly out of focus, would be at about 110)"


def _plain(sentence: str) -> Callable[[Estimate], tuple[str, str]]:
    return lambda estimate: (PLAIN, sentence)


ALIKE, VARIED, OWN = "Like your pictures", "As varied as your pictures", "Its own"
SAME, CLOTH, PRINTS = "The same garment", "The cloth you chose", "As a repeat"
ANY = float("inf")

KINDS: dict[str, Kind] = {
    "kid": Kind(ALIKE, "Distance to your pictures", "KID × 1000", _kid, 1000, 1),
    "frechet": Kind(ALIKE, "Distance to your pictures, another way", "Fréchet distance", _plain(
        "smaller is closer; only for sets of one size, and never to be held beside a published FID"), 1, 1),
    "told_apart": Kind(ALIKE, "Told from yours at a glance", "1-nearest-neighbour accuracy", steps(
        (0.35, POOR, "made pictures lie right beside real ones: look for copies"),
        (0.6, GOOD, "hardly: 50 % is a guess"),
        (0.8, FAIR, "often: something gives them away"),
        (ANY, POOR, "nearly always: something gives them away at once"), rising=False), 100, 0, " %"),
    "precision": Kind(ALIKE, "Would pass for one of yours", "precision", steps(
        (0.7, GOOD, "most lie among your pictures"),
        (0.4, FAIR, "many lie outside of what your pictures show"),
        (-1, POOR, "most lie outside of what your pictures show")), 100, 0, " %"),
    "density": Kind(ALIKE, "How deep among yours", "density", _plain(
        "1 is as deep as your own pictures lie; above 1, it plays safe"), 1, 2),
    "recall": Kind(VARIED, "Of your kinds of picture, it can make", "recall", steps(
        (0.6, GOOD, "most of what you have"),
        (0.3, FAIR, "some kinds are missing"),
        (-1, POOR, "most kinds are missing: it repeats itself")), 100, 0, " %"),
    "coverage": Kind(VARIED, "Of your pictures, with one made like it", "coverage", steps(
        (0.7, GOOD, "nearly all"), (0.4, FAIR, "some have none"), (-1, POOR, "most have none")), 100, 0, " %"),
    "variety": Kind(VARIED, "Variety beside that of yours", "mean perceptual distance, ratio", steps(
        (0.85, GOOD, "as varied as your pictures"),
        (0.6, FAIR, "more alike than your pictures are"),
        (-1, POOR, "much alike: it repeats itself")), 100, 0, " %"),
    "copied": Kind(OWN, "Copies of your pictures", "nearest real picture", steps(
        (0.0, GOOD, "none"),
        (0.02, FAIR, "a few are very close to one of yours"),
        (ANY, POOR, "many are very close to one of yours"), rising=False), 100, 1, " %"),
    "leakage": Kind(SAME, "Changed outside the garment", "leakage", steps(
        (0.0, GOOD, "not a pixel"), (0.002, FAIR, "a rim of pixels"),
        (ANY, POOR, "the background was touched"), rising=False), 100, 2, " %"),
    "silhouette": Kind(SAME, "Outline kept", "silhouette IoU", steps(
        (0.93, GOOD, "the outline is that of the photo"), (0.8, FAIR, "the outline moved in places"),
        (-1, POOR, "another shape")), 100, 1, " %"),
    "shading": Kind(SAME, "Folds and light kept", "correlation of smooth log luminance", steps(
        (0.8, GOOD, "light falls as on the photo"), (0.5, FAIR, "some folds were lost, or a bold print hides them"),
        (-2, POOR, "flat or other light, or a bold print hides the folds")), 1, 2),
    "ghost": Kind(SAME, "Old print left", "share of its contrast, by its hues", steps(
        (0.1, GOOD, "nothing of it is seen"), (0.25, FAIR, "a trace of it"),
        (ANY, POOR, "the old print is still there"), rising=False), 100, 0, " %"),
    "edges": Kind(SAME, "Edges kept", "edge agreement above chance", _plain(
        "of the photo's outline, seams, folds and old print; the old print goes rightly"), 100, 0, " %"),
    "palette": Kind(CLOTH, "Colour off the swatch", "CIEDE2000 between palettes", steps(
        (8.0, GOOD, "the swatch's colours, in the photo's light"), (15.0, FAIR, "the colours shifted"),
        (ANY, POOR, "other colours"), rising=False), 1, 1),
    "seam": Kind(PRINTS, "Seam when repeated", "seam score", steps(
        (0.1, GOOD, "invisible"), (0.3, FAIR, "a faint line"), (ANY, POOR, "a clear line"), rising=False), 1, 2),
}  # fmt: skip
