"""Photos whose garment was hard to find, named when the work is done: somebody should look at their outlines."""

from __future__ import annotations

import heapq
from pathlib import Path

from muslin.cli import terminal

UNSURE = 0.93  # confidence of a found garment below which every third outline was wrong (docs/limits.md)
NAMED = 10


class Unsure:
    """The worst of any number of photos, and how many there are: a hundred million names would fill the memory."""

    def __init__(self) -> None:
        self.count = 0
        self._worst: list[tuple[float, str]] = []  # a heap, the surest of the worst first
        self._worn: list[str] = []
        self._people = 0

    def add(self, photo: str, confidence: float | None, worn: bool = False, part: bool = False) -> None:
        """confidence: of its found garment; None: the mask was given. worn: by somebody in the photo.

        part: a part of what is worn was asked for: whoever did so knows of the person.
        """
        if worn and part:
            return
        if worn:
            self._people += 1
            self._worn += [Path(photo).name] if len(self._worn) < NAMED else []
            return
        if confidence is None or confidence >= UNSURE:
            return
        self.count += 1
        keep = heapq.heappush if len(self._worst) < NAMED else heapq.heappushpop
        keep(self._worst, (-confidence, Path(photo).name))

    def say(self) -> None:
        if self._people:
            more = f" and {self._people - NAMED:,} more" if self._people > NAMED else ""
            terminal.say(
                f"{', '.join(self._worn)}{more}: somebody wears it. All that is worn is dressed; face, hair and skin "
                "are left out as well as they could be told. --mask upper, lower or FILE dresses a part of it."
            )
        if not self.count:
            return
        names = ", ".join(f"{name} ({-doubt:.0%} sure)" for doubt, name in sorted(self._worst, reverse=True))
        more = f" and {self.count - NAMED:,} more" if self.count > NAMED else ""
        terminal.say(f"Look at the outline of {names}{more}: the garment was hard to find. --mask FILE gives it.")
