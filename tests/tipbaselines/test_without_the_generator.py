"""A fenced method has no generator: whatever ships, but for oracles, imports without tipdata."""

import subprocess
import sys

PROBE = """
import importlib, pkgutil, sys
class NoGenerator:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tipdata", "tipboard"):
            raise ModuleNotFoundError(f"{name} is not in the fence", name=name)
sys.meta_path.insert(0, NoGenerator())
import tipbaselines
for name in sys.argv[1:]:
    importlib.import_module(name)
found = []
for module in pkgutil.walk_packages(tipbaselines.__path__, "tipbaselines."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] != "tipdata":
            continue  # an extra that is not installed
        found.append(module.name)
print(*found)
"""
HANDED = ("tipbench.data.fold", "tipbench.method", "tipbench.task", "tipbench.kinds")


def test_every_method_but_oracles_imports_without_the_generator() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE, *HANDED], capture_output=True, text=True, check=True)
    needy = done.stdout.split()
    assert needy, "oracles take their parameters from tipdata"
    assert all(name.rpartition(".")[2].startswith("oracle") for name in needy)
