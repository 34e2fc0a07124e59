"""Predictions are refused, never repaired: one sentence says what is wrong, with counts on both sides.

The formats: scores ``[unit, score]`` with a Float32 or Float64 score for every unit of the answers; clusters
``[unit, cluster]`` with an Int64 or String cluster; candidates ``[query, candidate, score]``, ten at most a
query, never the query itself; forecasts the same with a list for every query, of Int64 candidates of its region;
alarms ``[unit, step]`` with an Int32 or Int64 step for every unit of the answers, counted from 1, null where
there is no alarm; labelsets ``[unit, score_<name> ...]`` with such a score for every label of the answers and,
where they have urgency, ``score_urgency``; estimates ``[unit, estimate, lower, upper]`` with Float64 numbers for
every unit of the answers, all three null where no estimate exists, lower and upper null where it has no interval,
and counts above zero. Keys have exactly the dtype of the answers' keys.
"""

from __future__ import annotations

import polars as pl
from tipdata.core.errors import UsageError

from tipbench.kinds.answers import STEPS, Answers

#: The longest list of candidates that a query may have.
MOST_CANDIDATES = 10

#: Before the name of a label, or of urgency, in the columns of labelsets.
SCORE_PREFIX = "score_"

#: The columns of an estimate.
ESTIMATE = ("estimate", "lower", "upper")
URGENCY = "urgency"

_FLOATS = (pl.Float32, pl.Float64)
_INSTEAD = {
    "step": "count steps from 1, and leave null where there is no alarm",
    **dict.fromkeys(ESTIMATE, "leave null where there is none"),
}
_SHOWN = 3


def check_predictions(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """The predictions with the columns of their format only, in the order of the answers.

    Scores, clusters, alarms and estimates come back with one row a unit, row for row beside ``answers.frame``;
    candidates and forecasts by query in the order of the answers, then by falling score, then by candidate.

    Raises :class:`UsageError` for anything that is not a polars DataFrame, an empty frame, a missing column,
    a wrong dtype, nulls where none may be, NaN or infinite scores, steps below 1, repeated, missing or
    unknown keys, more than ten candidates a query, a candidate that is its own query, a forecast that is no
    candidate of its query's region, an interval that does not hold its estimate, and counts that are not positive.
    """
    if not isinstance(predictions, pl.DataFrame):
        raise UsageError(f"predictions: a {type(predictions).__name__} was given; give a polars DataFrame")
    columns = {
        "scores": (answers.unit, "score"),
        "clusters": (answers.unit, "cluster"),
        "candidates": ("query", "candidate", "score"),
        "forecasts": ("query", "candidate", "score"),
        "labelsets": (answers.unit, *label_scores(answers)),
        "alarms": (answers.unit, "step"),
        "estimates": (answers.unit, *ESTIMATE),
    }[answers.kind]
    missing = [name for name in columns if name not in predictions.columns]
    if missing:
        raise UsageError(
            f"predictions: no column {', '.join(missing)} among {', '.join(predictions.columns) or 'none'}; "
            f"{answers.kind} need {', '.join(columns)}"
        )
    if predictions.is_empty():
        raise UsageError(
            f"predictions: 0 rows given for {answers.frame.height:,} of {answers.unit}; predict every one"
        )
    if answers.kind == "labelsets":
        _check_labels(predictions, columns)
    predictions = predictions.select(columns)
    keys = [name for name in columns if name not in ("cluster", "step", *ESTIMATE) and not _is_score(name)]
    _check_dtypes(answers, predictions, keys)
    _check_values(predictions, keys)
    if answers.kind == "candidates":
        return _check_candidates(answers, predictions)
    if answers.kind == "forecasts":
        return _check_forecasts(answers, predictions)
    aligned = _check_units(answers, predictions)
    if answers.kind == "estimates":
        _check_intervals(answers, aligned)
    return aligned


def as_stored(predictions: pl.DataFrame) -> pl.DataFrame:
    """Scores as float32 and steps as int32: what is scored is what is stored."""
    scores = pl.col("^score(_.*)?$").cast(pl.Float32)
    return predictions.with_columns(scores, pl.col("^step$").cast(pl.Int32))


def label_scores(answers: Answers) -> tuple[str, ...]:
    """The score columns that predictions of labelsets have: one a label, then urgency where it is known."""
    urgency = (URGENCY,) if URGENCY in answers.frame.columns else ()
    return tuple(f"{SCORE_PREFIX}{name}" for name in (*answers.label_names, *urgency))


def _is_score(name: str) -> bool:
    return name == "score" or name.startswith(SCORE_PREFIX)


def _is_number(name: str) -> bool:
    return _is_score(name) or name in ESTIMATE


def _check_labels(predictions: pl.DataFrame, columns: tuple[str, ...]) -> None:
    """Refuse scores of labels that the answers lack; ``score_urgency`` may always be there."""
    known = (*columns, f"{SCORE_PREFIX}{URGENCY}")
    unknown = [name for name in predictions.columns if _is_score(name) and name not in known]
    if unknown:
        raise UsageError(
            f"predictions: {', '.join(unknown)} of no known label; the labels are "
            f"{', '.join(name.removeprefix(SCORE_PREFIX) for name in columns[1:])}"
        )


def _check_dtypes(answers: Answers, predictions: pl.DataFrame, keys: list[str]) -> None:
    of_units = answers.frame.schema[answers.unit]
    for name in keys:
        forecast = answers.kind == "forecasts" and name == "candidate"
        known, expected = ("answer", answers.frame.schema["answer"]) if forecast else (answers.unit, of_units)
        if predictions.schema[name] != expected:
            raise UsageError(
                f"predictions: {name} is {predictions.schema[name]} and {known} is {expected} in the "
                f"answers; cast it to {expected}"
            )
    for name in filter(_is_number, predictions.columns):
        if predictions.schema[name] not in _FLOATS:
            raise UsageError(f"predictions: {name} is {predictions.schema[name]}; make it Float32 or Float64")
    if "cluster" in predictions.columns and predictions.schema["cluster"] not in (pl.Int64, pl.String):
        raise UsageError(f"predictions: cluster is {predictions.schema['cluster']}; make it Int64 or String")
    if "step" in predictions.columns and predictions.schema["step"] not in STEPS:
        raise UsageError(f"predictions: step is {predictions.schema['step']}; make it Int32 or Int64")


def _check_values(predictions: pl.DataFrame, keys: list[str]) -> None:
    for name in predictions.columns:
        column = predictions[name]
        bad = {} if name in ("step", *ESTIMATE) else {"null": column.is_null()}
        if name == "step":
            bad = {"below 1": (column < 1).fill_null(False)}
        if _is_number(name):
            bad |= {
                "NaN": column.is_nan().fill_null(False),
                "infinite": column.is_infinite().fill_null(False),
            }
        for what, mask in bad.items():
            if count := int(mask.sum()):
                where = predictions.filter(mask).select(keys).head(_SHOWN).rows()
                raise UsageError(
                    f"predictions: {count:,} of {predictions.height:,} values of {name} are {what} "
                    f"(first at {_listed(where)}); {_INSTEAD.get(name, 'predict a finite value for each')}"
                )


def _check_units(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    unit = answers.unit
    expected = answers.frame[unit]
    if expected.equals(predictions[unit].rename(unit)):
        return predictions
    aligned = answers.frame.select(unit).join(
        predictions.with_columns(pl.lit(True).alias("_given")), on=unit, how="left", maintain_order="left"
    )
    if aligned.height == expected.len() == predictions.height and not aligned["_given"].null_count():
        return aligned.drop("_given")
    given = predictions[unit]
    repeated = predictions.filter(given.is_duplicated())[unit].unique(maintain_order=True)
    missing = expected.filter(~expected.is_in(given.implode()))
    extra = given.filter(~given.is_in(expected.implode())).unique(maintain_order=True)
    faults = [
        f"{len(keys):,} {what} ({_listed([(key,) for key in keys.head(_SHOWN)])})"
        for what, keys in (("missing", missing), ("extra", extra), ("repeated", repeated))
        if len(keys)
    ]
    raise UsageError(
        f"predictions: {', '.join(faults)}; {expected.len():,} of {unit} expected, "
        f"{given.n_unique():,} unique in {given.len():,} rows given; predict each of them once"
    )


def _check_intervals(answers: Answers, predictions: pl.DataFrame) -> None:
    estimate, lower, upper = (pl.col(name) for name in ESTIMATE)
    count = answers.frame["quantity"] == "count"
    faults = {
        "have one end of an interval only": lower.is_null() != upper.is_null(),
        "have an interval and no estimate": estimate.is_null() & lower.is_not_null(),
        "lie outside their own interval": (estimate < lower) | (estimate > upper),
        "are counts that are not positive": pl.lit(count) & ((estimate <= 0) | (lower <= 0)),
    }
    for what, mask in faults.items():
        wrong = predictions.filter(mask.fill_null(False))[answers.unit]
        if len(wrong):
            raise UsageError(
                f"predictions: {len(wrong):,} of {predictions.height:,} estimates {what} "
                f"(first at {_listed([(key,) for key in wrong.head(_SHOWN)])}); give estimate, lower and upper, or "
                "null in all where no estimate exists"
            )


def _check_candidates(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    gallery = answers.frame[answers.unit]
    for name in ("query", "candidate"):
        unknown = predictions.filter(~pl.col(name).is_in(gallery.implode()))
        if unknown.height:
            first = unknown[name].unique(maintain_order=True)
            raise UsageError(
                f"predictions: {len(first):,} of {predictions[name].n_unique():,} {name} keys are not among "
                f"the {gallery.len():,} of {answers.unit} in the gallery "
                f"({_listed([(key,) for key in first.head(_SHOWN)])}); use those only"
            )
    own = predictions.filter(pl.col("query") == pl.col("candidate"))
    if own.height:
        raise UsageError(
            f"predictions: {own.height:,} of {predictions.height:,} rows name the query as its own candidate "
            f"({_listed(own.select('query').head(_SHOWN).rows())}); leave it out"
        )
    return _check_lists(answers, predictions)


def _check_forecasts(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Every query has candidates, and each is one of those of the query's region."""
    expected, given = answers.frame[answers.unit], predictions["query"].unique()
    missing = expected.filter(~expected.is_in(given.implode()))
    extra = given.filter(~given.is_in(expected.implode())).sort()
    if len(missing) or len(extra):
        faults = [
            f"{len(keys):,} {what} ({_listed([(key,) for key in keys.head(_SHOWN)])})"
            for what, keys in (("missing", missing), ("extra", extra))
            if len(keys)
        ]
        raise UsageError(
            f"predictions: {', '.join(faults)}; {len(expected):,} queries expected, {len(given):,} given; "
            "name candidates for each of them"
        )
    regions = answers.frame.select(pl.col(answers.unit).alias("query"), "region")
    strange = predictions.join(regions, on="query", how="left", maintain_order="left").join(
        answers.candidates, on=["region", "candidate"], how="anti", maintain_order="left"
    )
    if strange.height:
        raise UsageError(
            f"predictions: {strange.height:,} of {predictions.height:,} name a candidate that the query's region "
            f"does not have ({_listed(strange.select('query', 'candidate').head(_SHOWN).rows())}); "
            "choose among those of the region"
        )
    return _check_lists(answers, predictions)


def _check_lists(answers: Answers, predictions: pl.DataFrame) -> pl.DataFrame:
    """Ten different candidates at most a query; in the order of the answers, by falling score."""
    repeated = predictions.filter(pl.struct("query", "candidate").is_duplicated())
    if repeated.height:
        first = repeated.select("query", "candidate").unique(maintain_order=True).head(_SHOWN)
        raise UsageError(
            f"predictions: {repeated.height:,} of {predictions.height:,} rows repeat a pair of query and "
            f"candidate ({_listed(first.rows())}); give each pair once"
        )
    long = predictions.group_by("query", maintain_order=True).len().filter(pl.col("len") > MOST_CANDIDATES)
    if long.height:
        raise UsageError(
            f"predictions: {long.height:,} of {predictions['query'].n_unique():,} queries have more than "
            f"{MOST_CANDIDATES} candidates ({_listed(long.select('query').head(_SHOWN).rows())}); "
            f"keep the best {MOST_CANDIDATES}"
        )
    place = answers.frame.select(pl.col(answers.unit).alias("query")).with_row_index("_place")
    return (
        predictions.join(place, on="query", how="left")
        .sort("_place", "score", "candidate", descending=[False, True, False])
        .drop("_place")
    )


def _listed(rows: list[tuple]) -> str:
    """Keys as a reader would type them: 5, 8, 9, and pairs as 5-8."""
    return ", ".join("-".join(map(str, row)) for row in rows)
