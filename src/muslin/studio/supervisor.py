"""Keeps the workers alive: starts them, passes words on, ends what was cancelled, queues again what a death left.

One thread a worker; a lane has one, or as many as there are replicas. A worker that does not let go of a cancelled job
within GRACE seconds is killed and replaced.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from muslin.studio import jobs
from muslin.studio.database import new_id
from muslin.studio.service import Studio

GRACE = 0.4  # seconds
LONGEST_PAUSE = 8.0  # seconds between attempts to start a worker that dies at once
_log = logging.getLogger("muslin.studio")


class Post:
    """One worker process of a lane and the thread that minds it. more: further arguments of the process."""

    def __init__(
        self, studio: Studio, name: str, on_change: Callable[[], None], always: bool, more: Sequence[str] = ()
    ) -> None:
        self.studio, self.name, self.on_change, self.always, self.more = studio, name, on_change, always, more
        self.process: subprocess.Popen[str] | None = None
        self.wanted = threading.Event()
        self.closing = False
        self.starts = 0
        self.trouble: str | None = None  # what kind of error keeps it from minding a worker, until it works again
        self._owed: str | None = None  # token of a worker whose job may still have to be queued again
        self._free = threading.Condition()
        self._busy: str | None = None
        self._thread = threading.Thread(target=self._mind, name=f"muslin-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self.wanted.set()
        self._send("wake")

    def stop(self, identity: str) -> None:
        self._send(f"stop {identity}")

    def cancel(self, identity: str) -> None:
        """The job is no longer the worker's; wait a moment for it to notice, then make an end of it."""
        process = self.process
        if process is None:
            return
        threading.Thread(target=self._end, args=(identity, process), daemon=True).start()

    def _end(self, identity: str, process: subprocess.Popen[str]) -> None:
        with self._free:
            if not self._free.wait_for(lambda: self._busy != identity or process.poll() is not None, GRACE):
                process.kill()

    def end(self) -> None:
        self.closing = True
        self.wanted.set()
        if self.process is not None:
            self.process.kill()  # nothing is lost: what it was doing is queued again

    def close(self) -> None:
        """Wait for it, once it was told to end."""
        self._thread.join(5)

    def _send(self, text: str) -> None:
        process = self.process
        if process is not None and process.stdin is not None:
            with suppress(OSError, ValueError):  # it has just died; the minding thread knows
                process.stdin.write(text + "\n")
                process.stdin.flush()

    def _mind(self) -> None:
        pause = 0.1
        while not self.closing:
            started = time.monotonic()
            try:
                self._requeue()
                if not self.always and not jobs.waiting(self.studio, self.name):
                    self.trouble = None
                    self.wanted.wait()
                    self.wanted.clear()
                    continue
                self._owed = new_id()
                self._run(self._owed)
                self._requeue()
                self.on_change()
            except Exception as error:  # too little memory, a full disk: it may pass, and nobody else minds this lane
                self.trouble = type(error).__name__
                _log.exception("The worker of the lane '%s' cannot be minded; it is tried again.", self.name)
            lived = time.monotonic() - started
            pause = 0.1 if lived > 3 else min(LONGEST_PAUSE, pause * 2)
            if not self.closing and lived < 3 and (self.starts > 3 or self.trouble):
                time.sleep(pause)

    def _requeue(self) -> None:
        if self._owed is not None:
            jobs.requeue_of(self.studio, self._owed)
            self._owed = None

    def _run(self, token: str) -> None:
        """One worker from its start to its end."""
        self.starts += 1
        line = [sys.executable, "-m", "muslin.studio.worker", "--data", str(self.studio.data)]
        process = subprocess.Popen(
            [*line, "--lane", self.name, "--token", token, *self.more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self.process, self.trouble = process, None
        try:
            self._listen(process)
        except BaseException:
            process.kill()  # nobody hears it any more
            raise
        finally:
            process.wait()
            with self._free:
                self._busy = None
                self._free.notify_all()
            self.process = None
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """To a worker's words, until it ends."""
        assert process.stdout is not None
        for text in process.stdout:
            word, _, identity = text.strip().partition(" ")
            with self._free:
                if word == "busy":
                    self._busy = identity
                elif word == "free":
                    self._busy = None
                self._free.notify_all()
            self.on_change()


class Supervisor:
    """All lanes of a studio."""

    def __init__(self, studio: Studio, on_change: Callable[[], None]) -> None:
        self.studio = studio
        place = studio.replicas
        self.lanes = {"train": [Post(studio, "train", on_change, always=False)], "work": [
            Post(studio, "work", on_change, True, ["--number", str(number), *(place.arguments if place else ())])
            for number in range(place.count if place else 1)
        ]}  # fmt: skip

    def start(self) -> None:
        """Queue again what the last server left running, then start the workers."""
        jobs.requeue_orphans(self.studio)
        for post in self._posts():
            post.start()

    def wake(self, kind: str) -> None:
        for post in self.lanes[jobs.LANES[kind]]:
            post.wake()

    def cancel(self, kind: str, identity: str) -> None:
        for post in self.lanes[jobs.LANES[kind]]:
            post.cancel(identity)

    def stop(self, kind: str, identity: str) -> None:
        for post in self.lanes[jobs.LANES[kind]]:
            post.stop(identity)

    @property
    def ready(self) -> bool:
        return any(post.process is not None for post in self.lanes["work"])

    @property
    def trouble(self) -> dict[str, str]:
        """By lane, the kind of error that keeps its worker from being started."""
        return {post.name: post.trouble for post in self._posts() if post.trouble}

    def _posts(self) -> Iterator[Post]:
        for posts in self.lanes.values():
            yield from posts

    def close(self) -> None:
        for post in self._posts():
            post.end()
        for post in self._posts():
            post.close()
