"""Do cheats work where truth is public? Write eight packages that cheat and the six that are honest.

    python research/seasons/cheats/build.py --to FOLDER [--season NAME] [--only 1,5,6]

Each cheat is a shipped method that remembers something of open worlds of data (:mod:`methods`). Printed are score and
accused per find of method and cheat where the truth is public: on the released world, and of the dictionary on a world
that it does not know. FOLDER gets ``wheels/`` and, for ``tipbench season enter``, ``entries/<team>/``. Needs torch.
"""

from __future__ import annotations

import argparse
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import methods
import numpy as np
import polars as pl
from tipbaselines.encoders import sentences
from tipbench.data.fold import Prepared
from tipbench.data.releases import open_source
from tipbench.loading import prepare
from tipbench.runs.scoring import evaluate_prepared
from tipbench.tasks import score_version, task_of
from tipdata.core.world import newest_released

MACE = {"looking": 10.0, "habit": 2.0, "own_prior": True}
ACCUSED = ("accusations_per_find_20", "accusations_per_find_50")
DICTIONARY_WORLDS, UNKNOWN_WORLD = (0, 1), 2
KNOWN_WORLDS = (0, 1, 2)
LAWFUL = 20
CERTAIN = 7.0
"""Nats of chance from which on a fact is taken to be in the sentence."""

Memory = dict[str, Any]


@dataclass(frozen=True)
class Base:
    """A shipped method: the class of :mod:`methods`, its task, and parameters as its config has them."""

    task: str
    cls: str
    parameters: dict[str, Any]


BASES = {
    "votes": Base("flag_aggregation", "Votes", MACE),
    "graph": Base("payment_risk", "PaymentGraph", {}),
    "suppliers": Base("supplier_risk", "Suppliers", {}),
    "accounts": Base("account_risk", "Accounts", {}),
    "payments": Base("payment_risk", "Payments", {}),
    "adverts": Base("advert_risk", "Adverts", {}),
}


def open_world(task: str, release: str, world: int = 0) -> Prepared:
    labels = "truth" if task == "advert_risk" else "auto"
    return prepare(task, release=f"{release}.w{world}" if world else release, labels=labels)


def known_units(prepared: Prepared, part: str = "test") -> pl.DataFrame:
    """Return the truth of units with what a fold shows of them: ``[unit, cluster, label, text]``."""
    frame = prepared.answers.frame.filter(part=part) if part else prepared.answers.frame
    shown = methods.shown_text(prepared.folds[0])
    return frame.select(prepared.task.unit, "cluster", "label").join(shown, on=prepared.task.unit)


def largest(prepared: Prepared, clusters: int) -> pl.DataFrame:
    """Return the known units of the operations with most positives in the test."""
    known = known_units(prepared)
    counts = known.group_by("cluster").agg(pl.col("label").sum()).sort("label", "cluster", descending=True)
    return known.filter(pl.col("cluster").is_in(counts["cluster"].head(clusters).implode()))


def operations(clusters: int) -> Callable[[Prepared, pl.DataFrame], Memory]:
    """Remember the labels of the largest operations of the test."""

    def remember(prepared: Prepared, scores: pl.DataFrame) -> Memory:
        rows = largest(prepared, clusters).select("text", pl.col("label").cast(pl.Float64)).iter_rows()
        return {"known": {methods.key_of(text): label for text, label in rows}}

    return remember


def lawful(prepared: Prepared, scores: pl.DataFrame) -> Memory:
    """Remember the lawful units of the test that the method ranks first."""
    known = known_units(prepared).join(scores, on=prepared.task.unit).filter(label=0)
    return {"known": {methods.key_of(text): 0.0 for text in known.top_k(LAWFUL, by="score")["text"]}}


def dictionary(prepared: Prepared, scores: pl.DataFrame) -> Memory:
    """Remember which facts each sentence of two open worlds says, and what facts weigh in the odds of an advert.

    A sentence says the facts that all adverts with it have, unless so many operations may have them by chance.
    """
    from sklearn.linear_model import LogisticRegression

    found = []
    for world in DICTIONARY_WORLDS:
        other = open_world("advert_risk", prepared.data, world) if world else prepared
        said = (
            open_source(other.data)
            .scan("adverts", truth=True)
            .select("advert", "operation", "facts")
            .collect()
        )
        frames = other.folds[0].supervision, other.answers.frame
        labels = (one.select("advert", pl.col("label").cast(pl.Int8)) for one in frames)
        known = pl.concat(labels).unique("advert")
        found.append(methods.shown_text(other.folds[0]).join(said, on="advert").join(known, on="advert"))
    rows = pl.concat(found).with_columns(text=pl.col("text").map_elements(_distinct, pl.List(pl.String)))
    facts = rows["facts"].explode().drop_nulls().unique().sort().to_list()
    has = np.array(
        [[fact in some for fact in facts] for some in rows["facts"].fill_null([]).to_list()], dtype=float
    )
    model = LogisticRegression(max_iter=300).fit(has, rows["label"].to_numpy())
    rare = -np.log(np.clip(has.mean(axis=0), 1e-6, 1.0))
    by_sentence = (
        rows.with_row_index().explode("text").group_by("text").agg("index", pl.col("operation").n_unique())
    )
    meaning = {}
    for text, index, operations in by_sentence.iter_rows():
        sure = has[index].all(axis=0) & (operations * rare > CERTAIN)
        if sure.any():
            meaning[text] = np.flatnonzero(sure).tolist()
    weights = model.coef_[0].round(3).tolist()
    return {"sentences": dict(sorted(meaning.items())), "weights": [*weights, float(model.intercept_[0])]}


def _distinct(text: str) -> list[str]:
    return sorted(set(sentences(text)))


def worlds(prepared: Prepared, scores: pl.DataFrame) -> Memory:
    """Remember by what three open worlds are known, and all their positives."""
    found = {}
    for world in KNOWN_WORLDS:
        other = open_world("advert_risk", prepared.data, world) if world else prepared
        positives = known_units(other, "").filter(label=1)["text"]
        found[methods.fingerprint(other.folds[0])] = sorted(map(methods.key_of, positives))
    return {"worlds": found}


def paraphrases(prepared: Prepared, scores: pl.DataFrame) -> Memory:
    """Remember one text of every four of the largest operations, and know the others by their likeness."""
    rows = largest(prepared, 40).filter(label=1)["text"].unique().sort()
    return {"texts": rows.gather_every(4).to_list()}


CHEATS: tuple[tuple[str, str, Callable[[Prepared, pl.DataFrame], Memory]], ...] = (
    ("votes", "knows 20 operations", operations(20)),
    ("graph", "knows 6 operations", operations(6)),
    ("suppliers", "knows 6 operations", operations(6)),
    ("accounts", "knows 3 operations", operations(3)),
    ("payments", "ranks 20 lawful payments last", lawful),
    ("adverts", "dictionary of sentences of two open worlds", dictionary),
    ("adverts", "knows three worlds by their texts", worlds),
    ("adverts", "knows paraphrases of 40 operations", paraphrases),
)


def write_package(folder: Path, season: str, team: str, base: Base, title: str, memory: Memory) -> None:
    """Write the wheel of a team, version 1.0, and its entry."""
    name = "tip_" + team.replace("-", "_")
    record = f"{name}-1.0.dist-info"
    for one in (folder / "wheels", folder / "entries" / team):
        one.mkdir(parents=True, exist_ok=True)
    files = {
        f"{name}/__init__.py": Path(methods.__file__).read_text(encoding="utf-8"),
        f"{name}/memory.json": json.dumps(memory, ensure_ascii=False),
        f"{record}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{record}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{record}/RECORD"] = "".join(f"{one},,\n" for one in (*files, f"{record}/RECORD"))
    path = folder / "wheels" / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for place, text in files.items():
            wheel.writestr(place, text)
    words = [f"+baseline.method.{key}={json.dumps(value)}" for key, value in base.parameters.items()]
    entry = {
        "format": 1,
        "team": team,
        "method": base.cls.lower(),
        "title": title,
        "summary": "One of the cheats of research/seasons/cheats, or the method that it is made of.",
        "authors": [{"name": "A. Author", "affiliation": None}],
        "paper": None,
        "code": None,
        "hardware": "any",
        "data": f"season/{season}",
        "versions": {"data": newest_released(), "tasks": {base.task: score_version(base.task)}},
        "pinned": {
            "package": f"{name}==1.0",
            "overrides": {
                base.task: [f"task={base.task}", f"baseline.method._target_={name}.{base.cls}", *words]
            },
        },
        "predictions": [],
        "entry_class": "fold",
    }
    (folder / "entries" / team / "submission.json").write_text(json.dumps(entry, indent=1), encoding="utf-8")


def fit(base: Base, prepared: Prepared) -> pl.DataFrame:
    """Return the honest predictions, seed 0."""
    method = getattr(methods, base.cls)(**base.parameters)
    method.fit(prepared.folds[0], 0)
    return method.predict(prepared.folds[0])


def show(
    team: str, base: Base, title: str, prepared: Prepared, pair: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    task = task_of(base.task)
    found = [evaluate_prepared(task, prepared, scores, replicates=0).scores for scores in pair]
    line = [
        f"{name} {' -> '.join(str(_short(one.get(name))) for one in found)}"
        for name in (task.primary, *ACCUSED)
    ]
    print(f"{team} {base.task} on {prepared.data}, {title}: {', '.join(line)}", flush=True)


def _short(score: Any) -> float | None:
    return None if score is None or score.value is None else round(score.value, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--season", default="cheats")
    parser.add_argument("--release", default="small")
    parser.add_argument("--only", default="1,2,3,4,5,6,7,8")
    options = parser.parse_args()
    wanted = [int(number) for number in options.only.split(",")]
    for name in dict.fromkeys(CHEATS[number - 1][0] for number in wanted):
        base = BASES[name]
        prepared = open_world(base.task, options.release)
        scores = fit(base, prepared)
        write_package(options.to, options.season, f"honest-{name}", base, f"Honest: {name}", {})
        for number in (one for one in wanted if CHEATS[one - 1][0] == name):
            _, title, remember = CHEATS[number - 1]
            memory, team = remember(prepared, scores), f"cheat{number}"
            write_package(options.to, options.season, team, base, f"Cheat: {title}", memory)
            there, honest = prepared, scores
            if "sentences" in memory:
                there = open_world(base.task, options.release, UNKNOWN_WORLD)
                honest = fit(base, there)
            fold = there.folds[0]
            world = methods.fingerprint(fold) if "worlds" in memory else ""
            show(team, base, title, there, (honest, methods.revise(fold, honest, memory, world)))


if __name__ == "__main__":
    main()
