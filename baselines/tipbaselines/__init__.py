"""The baselines of tipbench: ``tipbaselines/<task>/<method>.py``, one file per method, named as its config.

The harness never imports this package: Hydra instantiates a class by the ``_target_`` of
``configs/baseline/<task>/<method>.yaml``. What the methods of one task share lies in a module of the task's folder
(``prevalence/lists.py``), what several tasks share beside the folders (``text.py``, ``trees.py``).
"""
