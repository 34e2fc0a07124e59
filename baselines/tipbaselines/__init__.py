"""The baselines of tipbench: ``tipbaselines/<task>/<method>.py``, one file per method, named as its config.

The harness never imports this package: Hydra instantiates a class by the ``_target_`` of
``configs/baseline/<task>/<method>.yaml``. Beside the task folders lie the parts that several methods share.
"""
