"""``tipbench run``: fit, predict and score a method, or a grid of methods."""

import argparse

from tipbench.commands.options import RELEASE, add_config_dir, add_json, add_overrides, add_quiet

QUICKSTART = "experiment=quickstart"

EXAMPLES = """\
examples:
  tipbench run                                                 the same as experiment=quickstart
  tipbench run baseline=advert_risk/tfidf_logreg release=small split=forward seed=0
  tipbench run baseline=advert_risk/tfidf_logreg baseline.method.c=1 --show
  tipbench run -m baseline=advert_risk/tfidf_logreg,advert_risk/lightgbm split=random,forward
  tipbench run experiment=board release=small engine.workers=4
your own data, and your own method:
  tipbench run baseline=advert_risk/tfidf_logreg data=sms_spam data.path=FOLDER
  tipbench run task=advert_risk baseline.method._target_=my_module.MyMethod baseline.method.depth=3
  tipbench run --config-dir configs baseline=advert_risk/mine

Runs are written to runs/<data>/<task>/<split>/<method>/<hash>-s<seed>/ as result.json and
predictions.parquet. What is finished is not run again: overwrite=only_missing|always|never.
--log-file says in a file when each cell begins and ends; --references is explained in docs/guide.md.
--columns takes data, task, method, source, split, labels, metric, valid, score, sd of seeds, 95% interval,
share of oracle, leakage, drift, accused per find (20%), accused per find (50%), worst group accused (50%),
wrongful links per true link, accused per find (own), worst group accused (own), harm gap, protection gap, coverage,
interval score, failed intervals, seconds."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EXAMPLES
    add_overrides(parser, f"overrides of the config, such as {RELEASE}; without any, {QUICKSTART}")
    parser.add_argument("-m", "--multirun", action="store_true", help="comma lists are run one by one")
    parser.add_argument("--show", action="store_true", help="print the resolved config and run nothing")
    parser.add_argument(
        "--columns",
        metavar="A,B",
        help="columns of the table, in this order (all that fit); named below",
    )
    parser.add_argument(
        "--references",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="show the committed results of the shipped baselines in the same table (FOLDER: results of a clone)",
    )
    parser.add_argument(
        "--log-file", metavar="FILE", help="write when each cell begins, ends or fails to this file"
    )
    add_config_dir(parser)
    add_json(parser)
    add_quiet(parser)
    parser.set_defaults(call="tipbench.actions.run:call", own_code=True)
