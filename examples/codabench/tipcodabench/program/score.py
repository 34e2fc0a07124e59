"""What a competition host starts: ``score.py INPUT OUTPUT [--install]``. Python's standard library only.

Beside it lie ``evaluator/`` (the sources that score, with their ``SHA256SUMS``) and ``requirements.txt``. With
``--install`` libraries that are missing are installed beside it first, in the versions of ``requirements.txt``.
"""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
EVALUATOR, LIBRARIES, REQUIREMENTS = HERE / "evaluator", HERE / "libraries", HERE / "requirements.txt"
IMPORTED_AS = {"PyYAML": "yaml"}


def main(words: list[str]) -> int:
    """Score; return 0, or 1 after one sentence on standard error."""
    install = "--install" in words
    places = [word for word in words if word != "--install"]
    if len(places) != 2:
        return refused("the command is score.py INPUT OUTPUT [--install].")
    if missing() and install:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        asked = ["--target", str(LIBRARIES), "--requirement", str(REQUIREMENTS)]
        subprocess.run([*command, *asked], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sys.path.insert(0, str(LIBRARIES))
    if found := missing():
        return refused(
            f"the image lacks {', '.join(found)}: organisers, use one with {REQUIREMENTS.name} installed."
        )
    sys.path[:0] = [str(EVALUATOR), str(HERE)]
    from tipcodabench.hosted import run

    return run(Path(places[0]), Path(places[1]))


def missing() -> list[str]:
    """Return required libraries that cannot be imported."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").split()
    names = [line.partition("==")[0] for line in lines]
    return [name for name in names if find_spec(IMPORTED_AS.get(name, name)) is None]


def refused(said: str) -> int:
    """Say why nothing is scored."""
    sys.stderr.write(f"refused: {said}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
