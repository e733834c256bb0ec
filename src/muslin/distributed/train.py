"""Training by several workers: the same engine and step on each, every batch shared between them, through Ray Train.

Ray Train starts the workers, tells them of each other, and starts all of them again when one is lost; the engine then
goes on from the run's last state. Since a batch is a function of seed and images seen, the end is the same.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from muslin.distributed import cluster
from muslin.distributed.order import as_error, error_record
from muslin.errors import EXIT_USAGE, UserError

RESTARTS = 100  # of the whole group, in one run
AT_ONE_PLACE = 3  # restarts without a newer state between them: it is no worker that is lost, it is the run
LISTENING = 0.3  # seconds between two looks at what the chief has said
BACKENDS = ("tensorflow", "jax", "torch")
CARRIED = ("KERAS_BACKEND", "MUSLIN_MODELS", "JAX_PLATFORMS", "CUDA_VISIBLE_DEVICES", "XLA_FLAGS")


class Desk:
    """An actor on which the chief leaves words and the result, so that both outlive any worker."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.error: dict[str, Any] | None = None
        self.result: Any = None
        self.attempts = self.stuck = 0
        self.reached = -1.0
        self.trouble = ""

    def say(self, text: str) -> None:
        self.words.append(text)

    def heard(self) -> list[str]:
        words, self.words = self.words, []
        return words

    def fail(self, error: dict[str, Any]) -> None:
        self.error = self.error or error

    def failed(self) -> dict[str, Any] | None:
        return self.error

    def began(self, reached: float) -> int:
        """How often the group has begun. reached: age of the last state; without a newer one it will not go on."""
        self.attempts += 1
        self.stuck = self.stuck + 1 if reached == self.reached else 0
        self.reached = reached
        if self.stuck >= AT_ONE_PLACE:
            self.fail(error_record(UserError(
                f"The workers failed {AT_ONE_PLACE} times at the same place.", received=self.trouble or None,
                advice="Train with one worker to see what is wrong.",
            )))  # fmt: skip
        return self.attempts

    def stumble(self, text: str) -> None:
        self.trouble = text

    def finish(self, result: Any) -> None:
        self.result = result

    def finished(self) -> Any:
        return self.result


def train(
    recipe: str,
    data: Any = None,
    *,
    folder: str | Path,
    workers: int,
    address: str = cluster.LOCAL,
    say: Callable[[str], None] = print,
    **asked: Any,
) -> Any:
    """`runs.train` by `workers` workers; asked: its other arguments. Returns its Run.

    folder and data are paths that every computer of the cluster sees. The chief alone writes. On this computer each
    worker has its share of the cores.
    Raises UserError as runs.train does, for `minutes` (the step's time is not known before all have begun), and where
    Ray is missing (exit code 5).
    """
    from muslin import runs

    if asked.get("minutes") is not None:
        raise UserError(
            "Several workers train for a number of images, not of minutes.",
            advice="Say --images, or neither: the recipe then takes what a good result needs.",
            exit_code=EXIT_USAGE,
        )
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in BACKENDS:
        raise UserError("There is no such backend.", received=backend, possible=BACKENDS, exit_code=EXIT_USAGE)
    data = str(Path(data).expanduser().resolve()) if isinstance(data, (str, Path)) else data
    work = {"recipe": recipe, "data": data, "folder": str(Path(folder).resolve()), **asked, "screen": False}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with cluster.connected(address, cpus=workers + 2) as ray:
        desk = ray.remote(Desk).options(num_cpus=0, name=f"desk-{uuid.uuid4().hex}").remote()
        threads = max(1, cores // workers) if address == cluster.LOCAL else 0
        trainer = _trainer(ray, backend, workers, threads, {"work": work, "desk": desk, "backend": backend})
        with _listening(ray, desk, say):
            problem = _fit(trainer)
        error, result = ray.get([desk.failed.remote(), desk.finished.remote()])
    if error is not None:
        raise as_error(error)
    if result is None:
        raise UserError(
            "The workers did not reach the end of the training.",
            received=problem,
            advice="The same command continues from the last state.",
        )
    return runs.Run(Path(folder), result["history"], _model(Path(folder)), result["seconds"])


def member(config: Mapping[str, Any]) -> None:
    """What runs on each worker: join the group, then train as its chief or follow."""
    import ray
    import ray.train
    from ray.train.collective import broadcast_from_rank_zero

    desk, work = config["desk"], dict(config["work"])
    if ray.get(desk.failed.remote()) is not None or ray.get(desk.finished.remote()) is not None:
        return  # started again after an error that would come again, or after the end
    place = ray.train.get_context()
    rank, size = place.get_world_rank(), place.get_world_size()
    state = Path(work["folder"]) / "state.npz"
    if rank == 0:
        attempts = ray.get(desk.began.remote(state.stat().st_mtime if state.exists() else 0.0))
        if error := ray.get(desk.failed.remote()):
            raise as_error(error)  # the others are waiting for the chief: all must begin again, to see it
    try:
        from muslin import groups, runs

        runs.require(work["recipe"])
        address = broadcast_from_rank_zero(_free_address() if rank == 0 else None)
        groups.join(groups.Group(rank, size, broadcast_from_rank_zero), address)
        if rank == 0:
            if attempts > 1:
                desk.say.remote("A worker was lost; all of them start again from the last state.")
            made = runs.train(**work, say=lambda text: desk.say.remote(text))
            ray.get(desk.finish.remote({"history": made.history, "seconds": made.seconds}))
        else:
            runs.follow(work["recipe"], work["data"], folder=work["folder"])
        broadcast_from_rank_zero(None)  # nobody leaves while the chief still exports
    except UserError as error:
        ray.get(desk.fail.remote(error_record(error)))
        raise
    except Exception as error:
        ray.get(desk.stumble.remote(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"))
        raise


def _trainer(ray: Any, backend: str, workers: int, threads: int, config: dict[str, Any]) -> Any:
    import ray.train as rt

    gpus = ray.cluster_resources().get("GPU", 0) >= workers
    variables = {key: os.environ[key] for key in CARRIED if key in os.environ}
    if threads:
        variables |= {"TF_NUM_INTRAOP_THREADS": str(threads), "TF_NUM_INTEROP_THREADS": "1",
                      "OMP_NUM_THREADS": str(threads)}  # fmt: skip
    if backend == "jax" and not gpus:
        variables["XLA_FLAGS"] = f"{variables.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=1".strip()
    if backend == "tensorflow":  # its strategy wants the addresses of all workers
        from ray.train.tensorflow import TensorflowTrainer as Trainer
    else:
        from ray.train.data_parallel_trainer import DataParallelTrainer as Trainer  # type: ignore[assignment]
    folder = Path(config["work"]["folder"])
    settings: Any = rt.RunConfig  # its stub is of the older Train
    return Trainer(
        member,
        train_loop_config=config,
        scaling_config=rt.ScalingConfig(num_workers=workers, use_gpu=gpus, resources_per_worker={"CPU": 1}),
        run_config=settings(
            name=f"ray-{uuid.uuid4().hex[:8]}",
            storage_path=str(folder.parent / f".{folder.name}.ray"),
            failure_config=rt.FailureConfig(max_failures=RESTARTS),
            worker_runtime_env={"env_vars": variables},
        ),
    )


def _fit(trainer: Any) -> str | None:
    """Train to the end; returns why not, in words. What a user must know the chief has said at the desk."""
    import shutil

    try:
        trainer.fit()
    except UserError:
        raise
    except Exception as error:
        return " ".join(str(error).split())[:200]
    finally:
        shutil.rmtree(trainer.run_config.storage_path, ignore_errors=True)  # Ray's notes about restarts
    return None


class _listening:
    """Passes on what the chief says, while the workers train."""

    def __init__(self, ray: Any, desk: Any, say: Callable[[str], None]) -> None:
        self.ray, self.desk, self.say = ray, desk, say
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _listen(self) -> None:
        last = False
        while not last:
            last = self.over.wait(LISTENING)
            for text in self.ray.get(self.desk.heard.remote()):
                self.say(text)


def _free_address() -> str:
    """HOST:PORT of this computer, the port free at this moment."""
    import socket

    import ray.util

    with socket.socket() as probe:
        probe.bind(("", 0))
        return f"{ray.util.get_node_ip_address()}:{probe.getsockname()[1]}"


def _model(folder: Path) -> Any:
    from muslin import store

    return store.load(folder / "model") if (folder / "model" / store.CARD).is_file() else None
