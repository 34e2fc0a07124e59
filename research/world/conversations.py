"""Are conversations and people one story? python research/world/conversations.py [TABLE ...] [--regions 16]

Tables: ``people`` (commitments, spells, durations, ways, calls), ``talk`` (lengths, greetings, answers, threats, week),
``forms`` (form told from form and kind within form, by counts of acts, with all forms equally frequent), ``alarms``
(baselines of recruitment_onset and the best alarm after so many messages). Worlds are drawn into memory; worlds from 11
on have tuned nothing. Cost: some seconds a table, ``alarms`` with gru some minutes.
"""

from __future__ import annotations

import argparse
import copy
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
from drawn import Drawn, asking
from numpy.typing import NDArray
from tipbench.metrics.early import is_timely, penalty
from tipdata.core import world as worlds
from tipdata.core.world import DAYS, MINUTES_A_DAY, newest_released, parameters
from tipdata.stages.messages.acts import ACTS

NEEDED = ("places", "operations", "accounts", "adverts", "messages", "suppliers", "people", "helpline")
TWINS = {
    "labour": ("lawful_recruitment",),
    "domestic_servitude": ("lawful_recruitment",),
    "forced_criminality": ("lawful_recruitment",),
    "sexual": ("dating", "friendship"),
    "marriage": ("dating", "friendship"),
    "organs": ("brokerage",),
    "sex_tourism": ("brokerage",),
}
"""Lawful courses beside which a recruitment for a form is hard to tell."""
FOLDS = 5


def main() -> None:
    """Print the tables that were asked for."""
    parser = asking(__doc__)
    parser.add_argument("tables", nargs="*", default=list(TABLES), help=", ".join(TABLES))
    parser.add_argument(
        "--methods", nargs="*", default=["first_cue", "hidden_markov", "windowed_logreg", "gru"]
    )
    parser.set_defaults(regions=16)
    options = parser.parse_args()
    for name in options.tables:
        print(f"\n{name}: {options.regions} regions of world {options.world}", flush=True)
        TABLES[name](options)


def people(options: argparse.Namespace) -> None:
    """Print how people come, stay and leave."""
    drawn = Drawn.of(options.world, options.regions, NEEDED)
    talks, all_people = drawn.tables["conversations"], drawn.tables["people"]
    lives = drawn.tables["operations"].select("operation", "begins", "ends", "posts", "form")
    here = all_people.filter(pl.col("role") == "exploited").join(lives, on="operation")
    commits = talks.filter(pl.col("onset").is_not_null())
    gained = commits.join(here.select("conversation"), on="conversation", how="semi")
    _row("commitments per region", commits.height / options.regions)
    _row("of them with their person", gained.height / commits.height)
    end = pl.col("to_day").fill_null(DAYS)
    inside = (pl.col("from_day") >= pl.col("begins")) & (end <= pl.max_horizontal("ends", DAYS))
    _row("spells in the operation's life", here.select(inside.mean()).item())
    by_region = here.group_by("region").len()["len"]
    _row("people per region: least, median, most", by_region.min(), by_region.median(), by_region.max())
    posting = here.filter("posts").group_by("operation").len()["len"]
    _row("people per posting operation, mean", posting.mean())
    labour = parameters(newest_released())["people.labour_like"]["value"]
    stays = _stays(drawn)
    for name, alike in (("labour-like", True), ("other", False)):
        days = stays.filter(pl.col("form").is_in(labour) == alike)["days"]
        _row(f"days, {name}: under one year, over two", (days < 365).mean(), (days > 730).mean())
    for form, days in stays.group_by("form").agg(pl.col("days").median()).sort("form").iter_rows():
        _row(f"median days, {form}", days)
    for column in ("door", "exit", "recruiter_relation"):
        shares = here.drop_nulls(column).group_by(column).len().sort(column)
        for value, count in shares.iter_rows():
            _row(f"{column} {value}", count / here.height)
    joins = here.join(commits.select("conversation", "minute"), on="conversation")
    _row(
        "days from first message to joining, median",
        (joins["from_day"] - joins["minute"] // MINUTES_A_DAY).median(),
    )
    calls = drawn.tables["contacts"].filter(pl.col("operation").is_not_null())
    known = calls.join(all_people.select("person", "to_day", "from_day"), on="person")
    since = (pl.col("minute") // MINUTES_A_DAY - pl.col("to_day")).fill_null(-1)
    lag = known.select(since).to_series()
    _row(
        "calls of those exploited: after exit; within a month after",
        (lag >= 0).mean(),
        lag.is_between(0, 30).mean(),
    )
    told = known.select(pl.col("days_since_leaving").is_null() | (pl.col("days_since_leaving") == since))
    _row("days since leaving agree", told.to_series().mean())
    papers = (
        calls.drop_nulls("holds_papers").group_by("documents_withheld").agg(pl.col("holds_papers").mean())
    )
    for withheld, holds in papers.sort("documents_withheld").iter_rows():
        _row(f"hold their papers, withheld: {withheld}", holds)


def _stays(drawn: Drawn) -> pl.DataFrame:
    """Return the length of every spell, also of those that last beyond the window: from the stage's state."""
    from tipdata.stages import draw_tables

    made = []
    for index in range(drawn.regions):
        past, _ = draw_tables(drawn.world.region(index), NEEDED[:-1])
        o, p = past["operations"], past["people"]
        form = np.array(o.forms)[o.form[p.owner[p.exploited]]]
        made.append(pl.DataFrame({"form": form, "days": (p.end - p.start)[p.exploited]}))
    return pl.concat(made)


def talk(options: argparse.Namespace) -> None:
    """Print what conversations are like."""
    drawn = Drawn.of(options.world, options.regions, NEEDED)
    talks, rows = drawn.tables["conversations"], drawn.tables["messages"]
    known = rows.join(talks.select("conversation", "kind", "onset", "form"), on="conversation")
    known = known.sort("conversation", "sequence")
    length = known.group_by("conversation", "kind", "onset").len()
    _row("messages per region", rows.height / options.regions)
    for q in (0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0):
        _row(f"length, quantile {q}", length["len"].quantile(q))
    one = length.with_columns(
        recruits=pl.col("kind") == "recruitment", positive=pl.col("onset").is_not_null()
    )
    for name in ("recruits", "positive"):
        _row(f"length alone, AUROC of {name}", _auroc(one[name].to_numpy(), one["len"].to_numpy()))
    _row("positive", one["positive"].mean())
    began = talks.select(pl.col("minute").alias("day"), positive=pl.col("onset").is_not_null())
    _row(
        "time of beginning alone, AUROC of positive",
        _auroc(began["positive"].to_numpy(), began["day"].to_numpy()),
    )
    greet = known.filter(pl.col("act") == "greet")
    _row("greetings after message three", (greet["sequence"] > 3).mean())
    _row(
        "first message greets or introduces",
        known.filter(pl.col("sequence") == 1)["act"].is_in(["greet", "introduce"]).mean(),
    )
    _answers(known)
    hard = pl.col("act").is_in(["threaten", "restrict"])
    rates = known.group_by("kind").agg(
        1000 * (pl.col("act") == "threaten").mean(), restrict=1000 * (pl.col("act") == "restrict").mean()
    )
    for kind, threats, restricts in rates.sort("kind").iter_rows():
        _row(f"threats and restrictions per 1,000, {kind}", threats, restricts)
    after = known.filter(hard & (pl.col("kind") == "recruitment")).select(
        (pl.col("sequence") >= pl.col("onset")).fill_null(False)
    )
    _row("threats and restrictions of recruitments after commitment", after.to_series().mean())
    for kind, frame in known.filter(pl.col("sequence") > 1).group_by("kind"):
        shares = np.bincount(frame["minute"].to_numpy() // MINUTES_A_DAY % 7, minlength=7) / frame.height
        _row(f"by weekday, {kind[0]}", *shares)
    platforms = drawn.tables["platforms"].select("region", "platform", "closed").drop_nulls()
    there = rows.join(talks.select("conversation", "platform"), on="conversation").join(
        platforms, on=["region", "platform"]
    )
    late = there.filter(pl.col("minute") // MINUTES_A_DAY >= pl.col("closed"))
    _row(
        "messages after their site closed: all, on the site",
        late.height,
        late["channel"].is_in(["public", "private"]).sum(),
    )


def _answers(known: pl.DataFrame) -> None:
    """Print how often a question of one side is followed by an answer of the other, and how often by chance."""
    follows = known.with_columns(
        before=pl.col("act").shift().over("conversation"),
        other=pl.col("side").shift().over("conversation") != pl.col("side"),
    ).filter(pl.col("other") & pl.col("act").is_not_null() & pl.col("before").is_not_null())
    pairs = {
        "ask_situation": ["share_personal"], "ask_family": ["share_personal"], "propose_channel": ["agree", "refuse"],
        "offer_job": ["ask_details", "agree", "refuse"], "ask_documents": ["agree", "refuse", "ask_details"],
    }  # fmt: skip
    for asked, answers in pairs.items():
        hit = pl.col("act").is_in(answers)
        after = follows.filter(pl.col("before") == asked).select(hit.mean()).item()
        _row(f"{asked} is answered; by chance", after, follows.select(hit.mean()).item())


def forms(options: argparse.Namespace) -> None:
    """Print AUROC of form against form and of recruitment against its lawful twin, by counts of acts."""
    with _equal_forms():
        drawn = Drawn.of(options.world, options.regions, NEEDED[:-3])
    talks = drawn.tables["conversations"]
    counts = _counts(drawn.tables["messages"], talks)
    owner = talks["operation"].fill_null(-1).to_numpy()
    owner = np.where(owner < 0, -1 - np.arange(len(owner)), owner)
    kind, form = talks["kind"].to_numpy(), talks["form"].to_numpy()
    names = list(TWINS)
    whole = _by_owner(counts, owner, kind == "recruitment", form)
    _row("operations by form", *(int((whole[2] == name).sum()) for name in names))
    for title, (values, of, label) in {
        "conversation": (counts, owner, np.where(kind == "recruitment", form, "")),
        "operation": whole,
    }.items():
        found = {
            pair: _told_apart(values, of, label == pair[0], label == pair[1])
            for pair in combinations(names, 2)
        }
        _row(f"form from form by {title}: mean, least", np.mean(list(found.values())), min(found.values()))
        if title == "operation":
            for pair, value in sorted(found.items(), key=lambda one: one[1]):
                _row(f"    {pair[0]}, {pair[1]}", value)
    for name in names:
        twin = np.isin(kind, TWINS[name])
        _row(
            f"kind within {name}, by conversation",
            _told_apart(counts, owner, (kind == "recruitment") & (form == name), twin),
        )


@contextmanager
def _equal_forms() -> Iterator[None]:
    """Let all forms be equally frequent."""
    listed = copy.deepcopy(parameters(newest_released()))
    entry = listed["operations.form"]
    listed["operations.form"] = {**entry, "value": dict.fromkeys(entry["value"], 10)}
    with mock.patch.object(worlds, "_parameters", return_value=listed):
        yield


def _counts(rows: pl.DataFrame, talks: pl.DataFrame) -> NDArray[np.float64]:
    """Return (conversations, 2 acts) counts of acts by side: the holder's and the other's."""
    at = pl.DataFrame(
        {"conversation": talks["conversation"], "at": np.arange(talks.height), "opens": talks["opens"]}
    )
    known = rows.drop_nulls("act").join(at, on="conversation")
    act = known["act"].replace_strict(ACTS, range(len(ACTS))).to_numpy()
    other = (known["side"] == "first").to_numpy() != known["opens"].to_numpy()
    made = np.zeros((talks.height, 2 * len(ACTS)))
    np.add.at(made, (known["at"].to_numpy(), act + other * len(ACTS)), 1)
    return made


def _by_owner(
    counts: NDArray, owner: NDArray, recruits: NDArray, form: NDArray
) -> tuple[NDArray, NDArray, NDArray]:
    """Return the counts of every operation's recruitments, the operations and their forms."""
    ids, at = np.unique(owner[recruits], return_inverse=True)
    made = np.zeros((len(ids), counts.shape[1]))
    np.add.at(made, at, counts[recruits])
    label = np.empty(len(ids), dtype=object)
    label[at] = form[recruits]
    return made, ids, label


def _told_apart(values: NDArray, owner: NDArray, one: NDArray, other: NDArray) -> float:
    """Return AUROC at equal numbers, cross-validated over operations, of logistic regression on shares of acts."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    few = min(one.sum(), other.sum())
    rows = np.concatenate([rng.permutation(np.flatnonzero(side))[:few] for side in (one, other)])
    x, y = np.log1p(values[rows]), one[rows].astype(int)
    ids = np.unique(owner[rows])
    fold = dict(zip(ids.tolist(), (rng.permutation(len(ids)) % FOLDS).tolist(), strict=True))
    part = np.array([fold[o] for o in owner[rows].tolist()])
    score = np.zeros(len(rows))
    for k in range(FOLDS):
        model = LogisticRegression(C=0.2, max_iter=500).fit(x[part != k], y[part != k])
        score[part == k] = model.decision_function(x[part == k])
    return float(np.mean([_auroc(y[part == k], score[part == k]) for k in range(FOLDS)]))


def _auroc(label: NDArray, score: NDArray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, score))


def _row(name: str, *values: object) -> None:
    told = ("" if v is None else f"{v:.3f}" if isinstance(v, float) else str(v) for v in values)
    print(f"{name:<64} " + "  ".join(told), flush=True)


def alarms(options: argparse.Namespace) -> None:
    """Print what baselines reach at recruitment_onset, and alarms after so many messages whatever they are."""
    from tipbaselines.recruitment_onset.oracle import Oracle
    from tipbench.loading import prepare
    from tipbench.runs.streams import streamed_alarms

    drawn = Drawn.of(options.world, options.regions, NEEDED)
    made = prepare("recruitment_onset", release=drawn, split="forward", labels="truth")
    truth = made.answers.frame.filter(pl.col("part") == "test")
    _row("test conversations, positive", truth.height, int(truth["label"].sum()))
    length = drawn.tables["messages"].group_by("conversation").len()
    known = truth.join(length, on="conversation", maintain_order="left")
    constant = [_early(known.with_columns(step=pl.when(pl.col("len") >= k).then(k))) for k in range(1, 61)]
    best = int(np.argmax([one[0] for one in constant]))
    _row("F-latency, precision, recall, delay: best constant step", best + 1, *constant[best])
    for name in options.methods:
        method = _method(name)
        method.fit(made.folds[0], 0)
        found = streamed_alarms(method, made.folds[0], made.streams[0], name)
        _row(name, *_early(truth.join(found, on="conversation", maintain_order="left")))
    seen = prepare("recruitment_onset", release=drawn, split="forward", labels="truth", oracle=True)
    oracle = Oracle(drawn.world)
    oracle.fit(seen.folds[0], 0)
    found = streamed_alarms(oracle, seen.folds[0], seen.streams[0], "oracle")
    _row("oracle", *_early(truth.join(found, on="conversation", maintain_order="left")))


def _method(name: str) -> Any:
    """Return a baseline of recruitment_onset as its configuration makes it."""
    module, kind = {
        "first_cue": ("first_cue", "FirstCue"), "hidden_markov": ("hidden_markov", "HiddenMarkov"),
        "windowed_logreg": ("windowed_logreg", "WindowedLogreg"), "gru": ("gru", "GRU"),
    }[name]  # fmt: skip
    return getattr(importlib.import_module(f"tipbaselines.recruitment_onset.{module}"), kind)()


def _early(rows: pl.DataFrame) -> tuple[float, float, float, float]:
    """Return F-latency, precision, recall and median delay of alarms ``step`` beside ``label`` and ``onset``."""
    step, onset = (rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in ("step", "onset"))
    found = (rows["label"].to_numpy() == 1) & is_timely(step, onset)
    if not found.any():
        return 0.0, 0.0, 0.0, 0.0
    delay = float(np.median(np.maximum(step - onset, 0)[found]))
    precision, recall = found.sum() / (~np.isnan(step)).sum(), found.sum() / (rows["label"] == 1).sum()
    return (
        float(2 * precision * recall / (precision + recall) * (1 - penalty(np.array(delay)))),
        precision,
        recall,
        delay,
    )


TABLES: dict[str, Callable[[argparse.Namespace], None]] = {
    "people": people,
    "talk": talk,
    "forms": forms,
    "alarms": alarms,
}

if __name__ == "__main__":
    main()
