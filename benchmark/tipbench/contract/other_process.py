"""Run a method once more in a process of its own, in which sets of text have another order.

Python chooses for each process how it hashes text (``PYTHONHASHSEED``), and the order of a set follows these hashes.
Within one process the order is constant, so a second run there cannot show that a method depends on it.
"""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tipcore.helper import end_with_parent
from tipcore.table_files import read_parquet

from tipbench.contract.trial import Broken, Trial, TrialRun
from tipbench.tasks import task_of

PREDICTIONS = "predictions.parquet"


def run_elsewhere(trial: Trial) -> TrialRun:
    """Return what a new object predicts with seed 0 in another process. Raises Broken for any error there."""
    from joblib import wrap_non_picklable_objects

    make = wrap_non_picklable_objects(trial.make)
    asked = (trial.name, trial.task.name, make, trial.source, trial.labels, trial.access, trial.train)
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # not that of this process
    path = os.pathsep.join(place or os.curdir for place in sys.path)
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(os.getpid()), folder],
            input=pickle.dumps(asked),
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise Broken(f"in another process, {said.rstrip('.') or f'code {done.returncode}'}.")
        return TrialRun(None, read_parquet(Path(folder) / PREDICTIONS))


def main(folder: str) -> None:
    """Run the method that standard input asks for, and write its predictions to a folder."""
    name, task, make, source, *how = pickle.load(sys.stdin.buffer)  # nosec B301 # from us, above
    try:
        predictions = Trial(name, task_of(task), make, source, *how).run().predictions
    except Broken as error:
        sys.exit(str(error))
    predictions.write_parquet(Path(folder) / PREDICTIONS)


if __name__ == "__main__":
    end_with_parent()
    main(sys.argv[2])
