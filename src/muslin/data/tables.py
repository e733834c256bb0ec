"""Tables of labels and origins (CSV) that lie beside pictures, as people and spreadsheets save them."""

from __future__ import annotations

import csv
import os
import stat
from pathlib import Path

from muslin.errors import EXIT_DATA, UserError

MAX_BYTES = 100_000_000


def read_rows(table: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, cells that are missing as ''.

    Letters of another encoding are replaced, not refused. Raises UserError (exit code 3) for what is no table and for
    one without `columns`.
    """
    try:
        found = os.stat(table)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            raise _unusable(table, f"it is no ordinary file of at most {MAX_BYTES // 1_000_000} MB")
        with open(table, newline="", encoding="utf-8-sig", errors="replace") as file:
            reader = csv.DictReader(file, restval="")
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise _unusable(table, f"it has no column '{missing[0]}'", ", ".join(columns))
            return [{str(key): str(value) for key, value in row.items() if key is not None} for row in reader]
    except csv.Error as error:
        raise _unusable(table, str(error)) from error
    except OSError as error:
        raise _unusable(table, error.strerror or str(error)) from error


def _unusable(table: Path, why: str, possible: str | None = None) -> UserError:
    return UserError(
        f"The table '{table}' cannot be read: {why}.",
        possible=f"the columns {possible}" if possible else None,
        advice="Save it again as CSV (UTF-8), or take it away.",
        exit_code=EXIT_DATA,
    )
