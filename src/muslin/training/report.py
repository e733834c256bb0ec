"""What a run tells while it trains: a progress line, a log, previews."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from muslin.training.tensorboard import EventWriter


class Rate:
    """Images per second over the last steps, and the honest time to go: the first step is not counted.

    The first steps compile; they would make every estimate wrong.
    """

    def __init__(self, window: int = 200) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=window)

    def mark(self, images_seen: int) -> None:
        self._marks.append((time.perf_counter(), images_seen))

    @property
    def images_per_second(self) -> float | None:
        if len(self._marks) < 2:
            return None
        (start, first), (end, last) = self._marks[0], self._marks[-1]
        return (last - first) / max(end - start, 1e-9)

    def seconds_to_go(self, images: int) -> float | None:
        rate = self.images_per_second
        return None if not rate else (images - self._marks[-1][1]) / rate


class Report:
    """Progress on stderr, run/log.jsonl, run/previews/, run/events/. `run` None: the screen only."""

    def __init__(self, run: Path | None, images: int, *, name: str = "", screen: bool = True) -> None:
        self.run, self.images, self.rate = run, images, Rate()
        self._progress: Any = None
        self._name, self._told = name or "training", 0
        self._plain = screen and not sys.stderr.isatty()
        if screen and not self._plain:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                TextColumn("{task.completed:,.0f}/{task.total:,.0f} images"),
                TextColumn("{task.fields[to_go]}"),
                TextColumn("{task.fields[logs]}", style="dim"),
                console=Console(stderr=True),
            )
            self._task = self._progress.add_task(self._name, total=images, to_go="starting", logs="")
            self._progress.start()
        self._events: EventWriter | None = None
        if run is not None:
            (run / "previews").mkdir(parents=True, exist_ok=True)
            self._events = EventWriter(run / "events")

    def advance(self, images_seen: int) -> None:
        self.rate.mark(images_seen)
        if self._progress is not None:
            seconds = self.rate.seconds_to_go(self.images)
            to_go = "measuring" if seconds is None else f"{in_words(seconds)} to go"
            self._progress.update(self._task, completed=images_seen, to_go=to_go)
        elif self._plain and images_seen * 10 // self.images > self._told:
            # No terminal to redraw (a file, a CI log): a line each tenth of the way.
            self._told = images_seen * 10 // self.images
            seconds = self.rate.seconds_to_go(self.images)
            to_go = f", {in_words(seconds)} to go" if seconds else ""
            self.say(f"{self._name}: {images_seen:,} of {self.images:,} images{to_go}")

    def record(self, record: dict[str, Any]) -> None:
        if self.run is not None:
            with open(self.run / "log.jsonl", "a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            if self._events is not None:
                logs = {key: value for key, value in record.items() if "/" in key}
                self._events.scalars(logs, record["images_seen"])
        if self._progress is not None:
            wide = self._progress.console.width >= 110  # the time to go comes first
            losses = {key[: -len("/loss")]: value for key, value in record.items() if key.endswith("/loss")}
            words = "  ".join(f"{name} {value:.2f}" for name, value in losses.items())
            self._progress.update(self._task, logs=words if wide else "")

    def preview(self, picture: np.ndarray, images_seen: int) -> None:
        if self.run is not None:
            import cv2

            png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
            (self.run / "previews" / f"{images_seen:08d}.png").write_bytes(png)
            if self._events is not None:
                self._events.picture("preview", png, picture.shape[1], picture.shape[0], images_seen)

    def say(self, sentence: str) -> None:
        if self._progress is not None:
            self._progress.console.print(sentence, highlight=False)
        elif self._plain:
            print(sentence, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def in_words(seconds: float) -> str:
    """'40 s', '12 min', '3 h 05 min'."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
