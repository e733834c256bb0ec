"""A studio for a team: results are made by replicas behind Ray Serve, on as many computers as the cluster has.

The server keeps what one computer must keep: the queue, the files, the page, previews. It has a worker process for each
replica; a worker takes a job, sends a replica the pictures of one result and what to do with them, and keeps what comes
back. So no more is asked of the replicas than they can do at once; what is too much waits in the queue, and beyond its
limit the API answers 429 with Retry-After. Replicas keep nothing: one that dies costs one result's second try.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from muslin.distributed import cluster
from muslin.distributed.order import as_error, error_record, model_hash
from muslin.errors import EXIT_FAILURE, EXIT_MODEL, EXIT_USAGE, UserError
from muslin.studio.database import new_id
from muslin.studio.engine import Engine
from muslin.studio.files import Files
from muslin.studio.work.making import Made, Order, make

DEPLOYMENT = "restyling"
TRIES = 3  # of one result, at replicas that die
SECONDS = 600  # for one result
MODELS = ("drape", "mask")  # what every replica must have as the server has it


@dataclass(frozen=True)
class Place:
    """Where the replicas of one server are. address: of the cluster; app: their name in it."""

    address: str
    app: str
    count: int

    @property
    def arguments(self) -> list[str]:
        return ["--replicas-at", self.address, "--app", self.app]


class Sent:
    """The pictures that came with one order, for an engine that asks for them by their SHA-256."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}

    def data(self, sha256: str) -> bytes:
        return self.pictures[sha256]


class Replica:
    """One process with the networks in memory; asked by one worker at a time, remembers garments it has looked at."""

    def __init__(self, threads: int, models: dict[str, str | None]) -> None:
        import cv2

        cv2.setNumThreads(threads)
        self.sent, self.models = Sent(), models
        self.engine = Engine(self.sent, threads)
        self.engine.warm()

    def __call__(self, order: Order, pictures: dict[str, bytes], model: tuple[str, str | None] | None) -> Any:
        """Made, or the record of a UserError: exceptions would come back wrapped in Ray's."""
        self.sent.pictures = pictures
        try:
            for name, sha256 in [*self.models.items(), *([model] if model else [])]:
                _check(name, sha256)
            return make(self.engine, order)
        except Exception as error:
            return error_record(error)
        finally:
            self.sent.pictures = {}


def _check(name: str, sha256: str | None) -> None:
    if model_hash(name) == sha256:
        return
    import socket

    raise UserError(
        f"The model '{name}' on {socket.gethostname()} is not the one of the studio.",
        advice="Give all computers the same models: MUSLIN_MODELS names a folder that all of them see.",
        exit_code=EXIT_MODEL,
    )


@contextmanager
def deployed(address: str, count: int | None, threads: int) -> Iterator[Place]:
    """Replicas on a cluster for as long as the block runs. address: as in cluster.connected, but for ray://.

    count: None is as many as the cluster's cores allow. Raises UserError: Ray is missing (exit code 5), no cluster
    answers (1), an address through Ray's client, or more than the cluster has room for (2).
    """
    if address.startswith("ray://"):
        raise UserError(
            "A studio cannot reach its replicas through Ray's client.",
            received=address,
            possible=["local", "auto", "HOST:PORT"],
            advice="Run it on a computer of the cluster, with --ray auto.",
            exit_code=EXIT_USAGE,
        )
    wanted = None if count is None else max(os.cpu_count() or 1, count * threads)
    with cluster.connected(address, cpus=wanted) as ray:
        from ray import serve

        room = int(ray.cluster_resources().get("CPU", 0)) // threads
        number = count or max(1, room)
        if number > room:
            raise UserError(
                "The cluster has no room for so many replicas.",
                received=f"{number} of {threads} threads",
                possible=f"up to {room}",
                exit_code=EXIT_USAGE,
            )
        app = f"muslin-{new_id()}"
        serve.start(proxy_location="Disabled")  # the studio's own API is in front; no second port is opened
        deployment = serve.deployment(
            name=DEPLOYMENT, num_replicas=number, max_ongoing_requests=1, ray_actor_options={"num_cpus": threads}
        )(Replica)
        models = {name: model_hash(name) for name in MODELS}
        serve.run(deployment.bind(threads, models), name=app, route_prefix=None, logging_config={"log_level": "ERROR"})
        try:
            yield Place(ray.get_runtime_context().gcs_address, app, number)
        finally:
            serve.delete(app)


def sender(address: str, app: str, files: Files) -> Callable[[Order], Made]:
    """For a worker: a function that has an order made by a replica. It raises UserError as `make` does."""
    with ExitStack() as stack:
        stack.enter_context(cluster.connected(address))
        from ray import serve

        handle = serve.get_app_handle(app)
        atexit.register(stack.pop_all().close)

    def send(order: Order) -> Made:
        import ray

        pictures = {sha256: files.data(sha256) for sha256 in order.pictures}
        for _ in range(TRIES):
            try:
                answer = handle.remote(order, pictures, _painter(order)).result(timeout_s=SECONDS)
            except (ray.exceptions.RayError, TimeoutError) as error:
                last = error
                continue
            if isinstance(answer, dict):
                raise as_error(answer)
            return answer  # type: ignore[no-any-return]
        raise UserError(
            "No replica could make this picture.",
            received=f"{TRIES} tries; the last ended with {type(last).__name__}",
            advice="There may be too little memory where the replicas run: try a smaller picture.",
            exit_code=EXIT_FAILURE,
        )

    return send


def _painter(order: Order) -> tuple[str, str | None] | None:
    """(name, SHA-256) of the model that paints, for the replica to compare with its own."""
    from muslin.studio import learned

    if not order.painted:
        return None
    name = learned.origin(order.looks[0][0])["model"]
    return name, model_hash(name)
