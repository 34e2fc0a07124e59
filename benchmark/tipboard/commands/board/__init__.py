"""``tipbench board``: keep results, render them, build a site and export tables.

examples:
  tipbench run experiment=board release=small
  tipbench board add runs=runs/0.5.0/small
  tipbench board add submission=submissions/acme--chao
  tipbench board build --to site
  tipbench board export task=advert_risk --format latex

`tipbench board ACTION --help` explains an action.
"""
