"""The one error a user can cause. It teaches: what was asked, what was received, what is possible, what to do."""

from __future__ import annotations

from typing import Any

EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_DATA = 3
EXIT_MODEL = 4
EXIT_DEPENDENCY = 5
EXIT_INTERRUPTED = 130


class UserError(ValueError):
    """A mistake that its user can mend. The edges print it without a traceback.

    problem: what was asked and why it cannot be done, one sentence.
    received, possible, advice: each optional, each one clause.
    exit_code: 1 run-time failure, 2 usage, 3 bad input data, 4 model missing or incompatible,
        5 optional dependency missing.
    """

    def __init__(
        self,
        problem: str,
        *,
        received: object | None = None,
        possible: object | None = None,
        advice: str | None = None,
        exit_code: int = EXIT_FAILURE,
    ) -> None:
        self.problem, self.received, self.possible, self.advice = problem, received, possible, advice
        self.exit_code = exit_code
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [self.problem]
        if self.received is not None:
            parts.append(f"Received: {self.received}.")
        if self.possible is not None:
            choices = self.possible
            if isinstance(choices, (list, tuple, set, frozenset)):
                choices = ", ".join(str(choice) for choice in choices)
            parts.append(f"Possible: {choices}.")
        if self.advice is not None:
            parts.append(self.advice)
        return " ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON types: what --json and the record of a batch say. possible: a text, or a list of several."""
        possible = self.possible
        if isinstance(possible, (list, tuple, set, frozenset)):
            possible = [str(choice) for choice in possible]
        elif possible is not None:
            possible = str(possible)
        return {
            "problem": self.problem,
            "received": None if self.received is None else str(self.received),
            "possible": possible,
            "advice": self.advice,
            "exit_code": self.exit_code,
        }


class DiskFull(UserError):
    """A file that found no room. What comes after it will hardly find more."""


def missing_extra(package: str, extra: str) -> UserError:
    """The error for an optional dependency that is not installed, naming the extra that brings it."""
    return UserError(
        f"This needs the package '{package}', which is not installed.",
        advice=f"Install it with: pip install 'muslin[{extra}]'",
        exit_code=EXIT_DEPENDENCY,
    )
