"""The process that works: takes one job after the other from its lane of the queue.

It is told by lines on its standard input ("wake", "stop ID") and tells by lines on its standard output ("busy ID",
"change", "free ID"). When the input ends, its server has died, and it ends at once: what it was doing is queued again.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from muslin.errors import UserError
from muslin.studio import jobs, locks
from muslin.studio.jobs import NoLongerOwn, Own
from muslin.studio.service import Studio

IDLE_SECONDS = 2.0  # between looks at the queue, should a "wake" get lost


class Worker:
    """One lane's work. `token` is the name under which it owns jobs."""

    def __init__(self, studio: Studio, lane: str, token: str, tell: Callable[[str], None]) -> None:
        self.studio, self.lane, self.token, self.tell = studio, lane, token, tell
        self.awake = threading.Event()
        self.job: str | None = None
        self.stopping = False

    def listen(self) -> None:
        """In a thread: the server's words, until there is no server."""
        for line in sys.stdin:
            word, _, identity = line.strip().partition(" ")
            if word == "wake":
                self.awake.set()
            elif word == "stop" and identity == self.job:
                self.stopping = True
                threading.Thread(target=self._interrupt, args=(identity,), daemon=True).start()
        os._exit(0)

    def _interrupt(self, identity: str) -> None:
        """Ctrl-C for a training: it saves its state and ends. Before it is under way nobody would hear it."""
        while self.job == identity and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            time.sleep(0.05)
        if self.job == identity:
            signal.raise_signal(signal.SIGINT)

    def work(self) -> None:
        """Until the lane has nothing to do for good: trainings end their process, and give its memory back."""
        warm = self.lane == "train" or self.studio.send is not None
        while True:
            self.awake.clear()
            own = jobs.claim(self.studio.database, self.lane, self.token, self.tell)
            if own is None:
                if self.lane == "train":
                    return
                if not warm:
                    self.studio.engine.warm()
                    warm = True
                self.awake.wait(IDLE_SECONDS)
                continue
            self.do(own)

    def do(self, own: Own) -> None:
        """One job to its end, whatever that is."""
        self.job, self.stopping = own.identity, False
        try:
            self.tell(f"busy {own.identity}")
            run_job(self.studio, own, self)
        except NoLongerOwn:
            pass
        except Exception as error:
            _fail(own, error)
        finally:
            self.job = None
            self.tell(f"free {own.identity}")
            self.tell("change")


def run_job(studio: Studio, own: Own, worker: Worker) -> None:
    """By kind; imported here, so that a worker loads only what it needs."""
    kind = own.request["kind"]
    if kind in ("restyle", "colourways"):
        from muslin.studio.work import restyling

        restyling.run(studio, own)
    elif kind == "deliver":
        from muslin.studio.work import delivering

        delivering.run(studio, own)
    elif kind == "imagine":
        from muslin.studio.work import prints

        prints.run(studio, own)
    else:
        from muslin.studio.work import training

        training.run(studio, own, lambda: worker.stopping)


def _fail(own: Own, error: Exception) -> None:
    if not isinstance(error, UserError):
        traceback.print_exc()
        error = UserError(
            f"The studio failed: {type(error).__name__}. This is a fault of muslin, not yours.",
            advice="The log of the studio has the details.",
        )
    with suppress(NoLongerOwn):
        own.fail(error)


def main() -> None:
    """python -m muslin.studio.worker --data DIR --lane work|train --token TOKEN; with replicas, --number and where."""
    parser = argparse.ArgumentParser(prog="muslin.studio.worker")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lane", choices=sorted(set(jobs.LANES.values())), required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--replicas-at", metavar="ADDRESS")
    parser.add_argument("--app")
    asked = parser.parse_args()
    line = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a library prints must not look like a word to the server
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is the server's; it ends us

    def tell(text: str) -> None:
        line.write(text + "\n")

    name = f"{asked.lane}-{asked.number}" if asked.number else asked.lane
    lock = locks.acquire(asked.data / f"worker-{name}.lock", wait=True, text=str(os.getpid()))
    if hasattr(os, "nice"):
        os.nice(10 if asked.lane == "train" else 3)  # the page and its previews go first
    studio = Studio(asked.data)
    if asked.replicas_at:
        from muslin.studio import replicas

        studio.send = replicas.sender(asked.replicas_at, asked.app, studio.files)
    worker = Worker(studio, asked.lane, asked.token, tell)
    threading.Thread(target=worker.listen, daemon=True).start()
    worker.work()
    lock.close()


if __name__ == "__main__":
    main()
