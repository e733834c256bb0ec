"""A connection to Ray: a cluster that is there already, or this computer's own cores for as long as needed."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from muslin.errors import UserError, missing_extra

LOCAL = "local"
STORE_BYTES = 512_000_000  # of pictures on their way, on this computer; Ray alone would take a third of the memory
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing leaves the computer
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_health_check_failure_threshold": "1000",  # a computer that was asleep is not dead
    "RAY_worker_niceness": "0",  # 15 by default: any other program would come before it
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
}


@contextmanager
def connected(address: str = LOCAL, *, cpus: int | None = None, words: bool = False) -> Iterator[Any]:
    """The module `ray`, connected. A connection that exists already is used, and left as it is.

    address: "local" starts Ray on this computer and stops it at the end; "auto" is the cluster this computer belongs
        to; "HOST:PORT" and "ray://HOST:PORT" name one.
    cpus: slots for work on this computer (a promise of ours, no limit that anything enforces); None: its cores.
    words: pass on what the workers print.
    Raises UserError where Ray is not installed (exit code 5), or nothing answers at that address (1).
    """
    ray = module()
    if ray.is_initialized():
        yield ray
        return
    own: dict[str, Any] = {}
    if address == LOCAL:
        own = {"num_cpus": cpus, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(
            address=address, logging_level=logging.ERROR, log_to_driver=words, configure_logging=True,
            namespace="muslin", **own,
        )  # fmt: skip
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise UserError(
            "There is no Ray cluster to connect to.",
            received=f"{address} ({' '.join(str(error).split())[:120]})",
            possible=["local", "auto", "HOST:PORT", "ray://HOST:PORT"],
            advice="Start one with: ray start --head",
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def module() -> Any:
    """The module `ray`, told to be silent before it is imported. Raises UserError (exit code 5) where it is missing."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise missing_extra(error.name or "ray", "ray") from error
    # Ray prints on stdout, which is for data, that a worker has died; no option forbids it, and we say it ourselves.
    ray._private.worker.print_to_stdstream = lambda *_, **__: None
    return ray
