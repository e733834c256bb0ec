"""Start the studio: one server for one data folder, on a port that is free."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from muslin.errors import EXIT_USAGE, UserError, missing_extra
from muslin.studio import locks

PORT = 8765
TRIES = 20  # ports after the default one


def serve(
    data: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    on_ready: Callable[[str], None] = print,
    limits: Any = None,
    ray: str | None = None,
    replicas: int | None = None,
    threads: int = 1,
    with_samples: bool = True,
) -> None:
    """Run until it is told to end (Ctrl-C, SIGTERM). on_ready: is given the address to open.

    token: asked of everyone; None: none on loopback, a new one elsewhere.
    ray: a cluster whose replicas make the results (studio/replicas.py): so many (None: what it has room for), of so
        many threads each. None: this computer makes them, one after the other.
    Raises UserError: the token is empty, another studio has this folder (with its address), the port is taken,
    `muslin[studio]` is missing.
    """
    try:
        import uvicorn

        from muslin.studio.api import app as web
        from muslin.studio.api.security import Guard, Rules, is_loopback
    except ImportError as error:
        raise missing_extra(str(error.name), "studio") from error
    from muslin.studio.service import Studio

    if token is not None and not token.strip():
        raise UserError(
            "The token is empty: everybody would have it.",
            advice="Give a word, or leave --token out: a new one is made where one is needed.",
            exit_code=EXIT_USAGE,
        )
    data = data.expanduser().absolute()
    data.mkdir(parents=True, exist_ok=True)
    if token is None and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    with ExitStack() as stack:
        listener = stack.enter_context(_listen(host, port))
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listener.getsockname()[1]}/"
        stack.enter_context(_lock(data, address))
        studio = Studio(data, limits)
        studio.curl = f"curl {address.rstrip('/')}"
        if token:
            studio.curl = f'curl -H "Authorization: Bearer $MUSLIN_TOKEN" {address.rstrip("/")}'
            address += f"?token={token}"
        if ray is not None:
            from muslin.studio.replicas import deployed

            studio.replicas = stack.enter_context(deployed(ray, replicas, threads))
        app = web.create_app(studio, lambda: on_ready(address), with_samples)
        config = uvicorn.Config(
            Guard(app, Rules(host, token, studio.limits)), log_level="warning", access_log=False,
            server_header=False, timeout_graceful_shutdown=2, lifespan="on", proxy_headers=False,
        )  # fmt: skip
        uvicorn.Server(config).run(sockets=[listener])


def address_of(data: Path) -> str | None:
    """Where the studio of this folder is open already; None where it is not."""
    path = data.expanduser() / "server.lock"
    if not path.exists():
        return None
    try:
        locks.acquire(path, wait=False).close()
    except locks.Busy as busy:
        return busy.text or None
    return None


def _lock(data: Path, address: str) -> Any:
    try:
        return locks.acquire(data / "server.lock", wait=False, text=address)
    except locks.Busy as busy:
        raise UserError(
            "The studio is open already.",
            received=str(data),
            advice=f"Its address is {busy.text}" if busy.text else "Close it first, or name another --data.",
        ) from None


def _listen(host: str, port: int | None) -> socket.socket:
    """A bound socket: on `port`, or without one on the first free port from PORT on."""
    candidates = [port] if port is not None else [*range(PORT, PORT + TRIES), 0]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    problem: OSError | None = None
    for candidate in candidates:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), candidate))
            listener.listen(256)
            return listener
        except OSError as error:
            listener.close()
            problem = error
        except OverflowError as error:
            listener.close()
            raise UserError("There is no such port.", received=candidate, possible="0 to 65535") from error
    raise UserError(
        f"The studio cannot listen on {host}, port {candidates[0]}.",
        received=problem.strerror if problem else None,
        advice="Another program may have it: choose another with --port.",
        exit_code=EXIT_USAGE,
    )
