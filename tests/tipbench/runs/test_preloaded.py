"""What a fence has loaded before it is built: all that a library loads by itself when it is first used."""

import subprocess
import sys

import pytest
from tipbench.runs.methods import LIBRARIES

USE = """
import importlib, sys
for name in sys.argv[1:]: importlib.import_module(name)
import torch
there = set(sys.modules)
layer = torch.nn.GRU(2, 2)
optimiser = torch.optim.AdamW(layer.parameters())
layer(torch.zeros(1, 3, 2))[0].sum().backward()
optimiser.step()
print(len(set(sys.modules) - there))
"""


def test_training_with_torch_loads_nothing_more_behind_a_fence() -> None:
    pytest.importorskip("torch")

    def loaded(*first: str) -> int:
        return int(
            subprocess.run([sys.executable, "-c", USE, *first], capture_output=True, check=True).stdout
        )

    assert loaded(*LIBRARIES["torch"]) < 10 < loaded()
