"""The process that reads untrusted files: what it may use, and what it says of a file."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from mutated_case import ESTIMATES, digest
from tipboard.submissions import reader
from tipboard.submissions.files import BY_SIZE
from tipboard.submissions.folder import open_folder_of

TINY = BY_SIZE["tiny"]
BOUNDS = """
import json, resource, time
from tipboard.submissions import reader
from tipboard.submissions.files import BY_SIZE
from tipcore.operating_system import allow_seconds
reader._limit_process(BY_SIZE["tiny"])
before = time.process_time()
allow_seconds(20)
names = ("CORE", "FSIZE", "AS", "NOFILE", "CPU")
found = {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[0] for name in names}
print(json.dumps({**found, "CPU": found["CPU"] - before}))
"""


def outcome(folder: Path, to: Path, **changes: Any) -> dict[str, Any]:
    file = {
        "number": 0,
        "name": ESTIMATES,
        "digest": digest((folder / ESTIMATES).read_bytes()),
        "columns": [],
        "rows": 8,
    }
    with open_folder_of(folder) as descriptor:
        return reader.outcome(descriptor, {**file, **changes}, TINY, to)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep fewer of these bounds")
def test_the_process_has_bounds_before_it_reads_anything() -> None:
    """No core is dumped; 50 MB written, 1 GB of memory, 64 descriptors; 20 seconds of CPU and a begun one."""
    run = subprocess.run([sys.executable, "-c", BOUNDS], capture_output=True, text=True, check=True)
    bounds = json.loads(run.stdout)
    assert 20 < bounds.pop("CPU") <= 21
    assert bounds == {"CORE": 0, "FSIZE": 50_000_000, "AS": 1_000_000_000, "NOFILE": 64}


def test_a_process_that_is_asked_for_nothing_says_that_it_begins_and_ends_well() -> None:
    asked = json.dumps({"folder": 0, "limits": asdict(TINY), "files": []})
    words = [sys.executable, "-m", "tipboard.submissions.reader"]
    run = subprocess.run(words, input=asked, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, '{"begins": true}\n', "")


def test_a_file_that_is_not_the_one_of_its_digest_is_not_even_looked_into(
    honest: Path, tmp_path: Path
) -> None:
    true = digest((honest / ESTIMATES).read_bytes())
    said = outcome(honest, tmp_path, digest="sha256:" + "0" * 64)
    assert said == {"refused": f"it is not the file of its digest, it has {true}; pack it again"}
    assert "does not belong to such predictions" in outcome(honest, tmp_path)["refused"]
