"""The board: what is kept of reference runs in ``results/``, and what is rendered from it.

``results/<version>/<size>/<task>/<split>/<method>/s<seed>.json`` is the ``result.json`` of a run as it was;
``comparisons.json`` beside the tasks holds the paired tests, which need predictions that are not kept. The page and the
figure are rendered from these files alone, so that anyone can check that they say what the results say.
"""
