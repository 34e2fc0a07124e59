"""The host's folder: the seed, the whole tables, the answers and the ledger; nobody else may read it.

``<secret>/`` (mode 0700): ``seed.hex`` (0600), ``round.json`` (a copy), ``published`` (the path of the public folder),
``tables/<region>/<table>.parquet`` (hidden columns too, in labels), ``answers/<task>.parquet``,
``galleries/<task>.parquet``, ``written.json`` (their digests), ``ledger.json`` and ``submissions/<number>/``.
"""

from __future__ import annotations

from pathlib import Path

from tipbench.data.id_labels import SEED_BYTES
from tipbench.kinds.answers import Answers
from tipbench.tasks import task_of
from tipcore.errors import UsageError
from tipcore.operating_system import require_confinement

from tipboard.rounds.damage import RESTORE, read_whole, written_digests
from tipboard.rounds.make_round import ANSWERS, GALLERIES
from tipboard.rounds.record import ROUND, Round, commitment_of, read_round
from tipboard.rounds.truth import key_column

SEED, PUBLISHED = "seed.hex", "published"
UNPUBLISHED = "unpublished"
"""The folder of what is to be published, there only where its host was stopped before it was."""


def open_secret(folder: Path) -> tuple[Round, bytes]:
    """Return the round and its seed.

    Raises UsageError where the seed is missing, malformed, or not the one committed to; on a system that hosts none.
    """
    require_confinement("Hosting a sealed round")
    described = read_round(folder)
    seed = _read_seed(folder / SEED)
    if commitment_of(seed, described) != described.commitment:
        raise UsageError(
            f"{folder / SEED} or {folder / ROUND} was altered: they do not give the round's commitment; restore both."
        )
    return described, seed


def _read_seed(path: Path) -> bytes:
    try:
        seed = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise UsageError(
            f"{path} is missing: give the host's folder of the round, the one named by --secret."
        ) from None
    except ValueError:
        seed = b""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(seed) != SEED_BYTES:
        raise UsageError(f"{path} holds no seed of {SEED_BYTES} bytes in hex: restore it.")
    return seed


def published_folder(folder: Path, given: Path | None, described: Round) -> Path:
    """Return the public folder of the host's round. Raises UsageError where it is not there or of another round."""
    if given is None and (folder / UNPUBLISHED).is_dir():
        raise UsageError(
            f"round {described.name} was stopped before it was published: run the `tipbench seal new` that made it "
            "again."
        )
    chosen = given or Path((folder / PUBLISHED).read_text(encoding="utf-8").strip())
    if read_round(chosen).commitment != described.commitment:
        raise UsageError(f"{chosen} is not the round of {folder}: give the folder that it was published to.")
    return chosen


def read_answers(folder: Path, name: str) -> Answers:
    """Return what is true of a task's units.

    Raises UsageError where the host's folder lost it, MachineFault where it is damaged.
    """
    task = task_of(name)
    path = folder / ANSWERS / f"{name}.parquet"
    if not path.is_file():
        raise UsageError(f"{path} is missing: restore the host's folder.")
    gallery, digests = None, written_digests(folder)
    if task.forecast is not None or task.views:
        gallery = read_whole(folder, f"{GALLERIES}/{name}.parquet", digests, RESTORE)
    frame = read_whole(folder, f"{ANSWERS}/{name}.parquet", digests, RESTORE)
    return Answers(task.kind, key_column(task), frame, gallery=gallery)
