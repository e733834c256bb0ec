"""The studio's errors: a UserError with an HTTP status, and the problem document that says it (RFC 9457)."""

from __future__ import annotations

from typing import Any

from muslin.errors import EXIT_DEPENDENCY, UserError

KINDS = {
    400: "invalid",
    401: "token",
    403: "origin",
    404: "not-found",
    405: "method",
    409: "conflict",
    413: "too-large",
    415: "media-type",
    422: "invalid",
    429: "busy",
    500: "fault",
    501: "not-available",
    503: "not-ready",
}


class StudioError(UserError):
    """A UserError with its HTTP status: nothing of that name, a conflict, too much work, ..."""

    def __init__(self, status: int, problem: str, *, retry_after: int | None = None, **more: Any) -> None:
        super().__init__(problem, **more)
        self.status, self.retry_after = status, retry_after


def not_found(what: str, identity: str) -> StudioError:
    return StudioError(404, f"There is no {what} of this id.", received=identity[:80])


def problem(error: UserError, instance: str = "", status: int | None = None) -> dict[str, Any]:
    """The problem document of a UserError; its status is its own, 501 for a missing extra, else 422."""
    own = getattr(error, "status", None)
    status = status or own or (501 if error.exit_code == EXIT_DEPENDENCY else 422)
    possible = error.possible
    listed = isinstance(possible, (list, tuple, set, frozenset))
    return document(
        "user-error" if status == 422 else KINDS[status],
        status,
        error.problem,
        instance,
        detail=str(error),
        received=None if error.received is None else str(error.received)[:500],
        possible=None if possible is None else (", ".join(map(str, possible)) if listed else str(possible)),  # type: ignore[call-overload]
        advice=error.advice,
        exit_code=error.exit_code,
    )


def document(kind: str, status: int, title: str, instance: str, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"received": None, "possible": None, "advice": None, "exit_code": None, "errors": []}
    return {
        "type": f"urn:muslin:{kind}",
        "title": title,
        "status": status,
        "detail": title,
        "instance": instance,
    } | {**empty, **more}
