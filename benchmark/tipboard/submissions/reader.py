"""The process that reads untrusted predictions: ``python -m tipboard.submissions.reader``, started by ``guard``.

Standard input is one JSON object (``_ask`` of ``guard``); the descriptor of the submission's folder is inherited where
the system has such, else its path is told; the working folder is where clean files go. Standard output is JSON lines,
of each file ``{"start": number}`` and then ``{"done": number, "peak_mib": ..., }`` with ``rows``, with the sentence by
which it is ``refused``, or with ``full`` where the clean file found no room. Memory, time, the size of files written
and core dumps are bounded before any library is loaded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tipcore.helper import end_with_parent
from tipcore.operating_system import Folder, allow_seconds, confine, peak_memory

from tipboard.submissions.limits import Limits, amount
from tipboard.submissions.opening import Unreadable, read_regular
from tipboard.submissions.parquet import Refusal, cleaned
from tipboard.submissions.text import shown

MOST_OPEN = 64
"""Descriptors at a time."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
"""What the system says where nothing can be written, whatever is: files are read from memory."""

WRITTEN = 2
"""A clean file may be this many times as large as the limit of the file it is made from."""


def main() -> int:
    """Read every file that is asked for."""
    end_with_parent()
    asked = json.load(sys.stdin)
    limits = Limits(**asked["limits"])
    folder = asked["folder"] if isinstance(asked["folder"], int) else Path(asked["folder"])
    _bound(limits)
    for file in asked["files"]:
        _say({"start": file["number"]})
        allow_seconds(limits.seconds)
        _say({"done": file["number"], **_outcome(folder, file, limits), "peak_mib": _peak_mib()})
    return 0


def _bound(limits: Limits) -> None:
    confine(limits.memory_bytes, WRITTEN * limits.file_bytes, MOST_OPEN)


def _outcome(folder: Folder, file: dict[str, Any], limits: Limits) -> dict[str, Any]:
    try:
        content = read_regular(folder, file["name"], limits.file_bytes)
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if digest != file["digest"]:
            return {"refused": f"it is not the file of its digest, it has {digest}; pack it again"}
        within = replace(limits, rows=min(limits.rows, file["rows"]))
        return {"rows": cleaned(content, file["columns"], within, Path(f"{file['number']}.parquet"))}
    except (Refusal, Unreadable) as reason:
        return {"refused": str(reason)}
    except MemoryError:
        return {"refused": f"it cannot be read within {amount(limits.memory_bytes)} of memory"}
    except OSError as error:
        return {"full": True} if error.errno in FULL else _damaged(error)
    except Exception as error:  # whatever a library makes of a damaged file is a refusal of that file
        return _damaged(error)


def _damaged(error: Exception) -> dict[str, Any]:
    said = " ".join(str(error).split()).rstrip(".")
    return {"refused": f"it cannot be read as parquet ({shown(said, 120)}); write it again"}


def _peak_mib() -> float | None:
    """Return peak resident memory so far; None where the system cannot say."""
    kib = peak_memory()
    return None if kib is None else round(kib / 1024, 1)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
