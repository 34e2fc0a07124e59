"""What each baseline makes of conversations that were made for it, step by step."""

from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tipbaselines.recruitment_onset.conversations import Vocabulary, conversation_arrays, gap_codes
from tipbaselines.recruitment_onset.first_cue import FirstCue, f1_of_first
from tipbaselines.recruitment_onset.hidden_markov import HiddenMarkov
from tipbaselines.recruitment_onset.never import Never
from tipbaselines.recruitment_onset.oracle import Oracle
from tipbaselines.recruitment_onset.windowed_logreg import WindowedLogreg
from tipbench.data.fold import Fold, PartSteps
from tipbench.loading import prepare
from tipbench.runs.streams import scores_of, streamed_alarms
from tipbench.tasks.recruitment_onset import TASK
from tipdata.release import Release

PLAIN = ("greet", "small_talk", "ask_details", "agree")
LEARNERS = [FirstCue(), WindowedLogreg(), HiddenMarkov((3, 2, 2), iterations=12)]


def talk(acts: list[str], conversation: int = 1, minutes: list[int] | None = None) -> pl.DataFrame:
    count = len(acts)
    return pl.DataFrame(
        {
            "region": pl.Series([0] * count, dtype=pl.Int32),
            "conversation": [conversation] * count,
            "sequence": pl.Series(range(1, count + 1), dtype=pl.Int32),
            "minute": pl.Series(minutes or range(count), dtype=pl.Int32),
            "side": [("first", "second")[i % 2] for i in range(count)],
            "act": acts,
            "channel": ["private"] * count,
        }
    )


def market(count: int = 240, seed: int = 5) -> tuple[Fold, pl.DataFrame, dict[int, int]]:
    """Conversations of which a third ask for documents from a random step on; the fold, all rows, the onsets."""
    rng = np.random.default_rng(seed)
    frames, onsets = [], {}
    for number in range(count):
        length = int(rng.integers(12, 25))
        acts = rng.choice(PLAIN, length).tolist()
        if number % 3 == 0:
            onsets[number] = int(rng.integers(5, 10))
            late = rng.choice(["ask_documents", "state_debt", "agree"], length - onsets[number] + 1)
            acts[onsets[number] - 1 :] = ["ask_documents", *late[1:].tolist()]
        frames.append(talk(acts, number))
    messages = pl.concat(frames)
    part = [("train", "valid", "test")[number // 3 % 3] for number in range(count)]
    parts = pl.DataFrame({"conversation": range(count), "part": part})
    label = pl.Series([int(number in onsets) for number in range(count)], dtype=pl.Int8)
    onset = pl.Series([onsets.get(number) for number in range(count)], dtype=pl.Int32)
    given = parts.with_columns(label=label, onset=onset).filter(pl.col("part") != "test")
    seen = messages.join(given.select("conversation"), on="conversation", how="semi")
    units = messages.filter(pl.col("sequence") == 1).select("region", "conversation", "minute")
    tables = {"conversations": units.lazy(), "messages": seen.lazy()}
    return Fold(TASK, tables, parts, given), messages, onsets


def streamed(method: Any, rows: pl.DataFrame) -> dict[tuple[int, int], float]:
    """Scores by conversation and step of a fitted method."""
    ordered = rows.sort("sequence", "conversation")
    edges = np.append(0, np.cumsum(np.bincount(ordered["sequence"].to_numpy() - 1)))
    units = rows.filter(sequence=1).sort("conversation").drop("sequence", "side", "act", "channel")
    found = scores_of(method, PartSteps("conversation", units, ordered, edges), "method")
    keys = zip(found.unit.to_list(), found.step.tolist(), strict=True)
    return dict(zip(keys, found.score.tolist(), strict=True))


def unlabelled(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(label=pl.lit(0, dtype=pl.Int8), onset=pl.lit(None, dtype=pl.Int32))


def test_gaps_fall_into_classes_and_a_first_message_has_none() -> None:
    assert gap_codes(np.array([-1, 0, 9, 10, 59, 60, 1440, 20_000])).tolist() == [0, 1, 1, 2, 2, 3, 5, 7]


def test_codes_are_places_among_the_known_values_whatever_their_type() -> None:
    messages = pl.DataFrame(
        {"act": ["b", "a", "b", None], "channel": [3, 1, None, 3], "side": [True, False] * 2}
    )
    vocabulary = Vocabulary.of(messages)
    assert [vocabulary.codes(messages, name).tolist() for name in ("act", "channel", "side", "gone")] == [
        [2, 1, 2, 0],
        [2, 1, 0, 2],
        [2, 1, 2, 1],
        [0, 0, 0, 0],
    ]
    assert vocabulary.codes(pl.DataFrame({"act": ["c", "a"]}), "act").tolist() == [0, 1]


def test_never_scores_every_message_alike() -> None:
    fold, messages, _ = market(30)
    method = Never()
    method.fit(fold, 0)
    assert set(streamed(method, messages).values()) == {0.0}


@pytest.mark.parametrize("method", LEARNERS)
def test_a_telling_act_is_learnt_and_the_score_rises_with_it(method: Any) -> None:
    fold, messages, onsets = market()
    method.fit(fold, 0)
    found = streamed(method, messages)
    test = fold.parts.filter(pl.col("part") == "test")["conversation"].to_list()
    last = {c: max(step for conversation, step in found if conversation == c) for c in test}
    after = [found[c, last[c]] for c in test if c in onsets]
    before = [found[c, onsets[c] - 1] for c in test if c in onsets]
    never = [found[c, last[c]] for c in test if c not in onsets]
    assert min(after) > max(never)
    assert min(after) > max(before)


@pytest.mark.parametrize("method", LEARNERS)
def test_conversations_without_sides_channels_and_times_are_enough(method: Any) -> None:
    fold, messages, _ = market(90)
    few = messages.select("region", "conversation", "sequence", "act")
    seen = fold.tables["messages"].select("conversation", "sequence", "act")
    method.fit(replace(fold, tables={**fold.tables, "messages": seen}), 0)
    method.begin(messages.filter(sequence=1).select("region", "conversation"))
    scores = method.step(few.filter(sequence=1))["score"]
    assert scores.is_finite().all()


@pytest.mark.parametrize("method", [WindowedLogreg(), HiddenMarkov((3, 2, 2), iterations=3), FirstCue()])
def test_without_a_positive_to_learn_from_scores_are_finite(method: Any) -> None:
    fold, messages, _ = market(60)
    method.fit(replace(fold, supervision=unlabelled(fold.supervision)), 0)
    assert np.isfinite(list(streamed(method, messages).values())).all()


def test_cues_are_chosen_from_the_list_and_alarm_at_the_first() -> None:
    fold, _, _ = market()
    method = FirstCue()
    method.fit(fold, 0)
    rows = talk(["greet", "agree", "ask_documents", "greet"])
    assert list(streamed(method, rows).values()) == [0, 0, 1, 1]


def test_an_alarm_more_than_five_messages_before_the_onset_is_no_find() -> None:
    rows = pl.concat([talk(["greet"] * 9, 1), talk(["agree"] * 3 + ["greet"] * 6, 2), talk(["agree"] * 9, 3)])
    labelled = rows.with_columns(
        label=(pl.col("conversation") < 3).cast(pl.Int8),
        onset=pl.when(pl.col("conversation") < 3).then(9).cast(pl.Int32),
    )
    vocabulary = Vocabulary.of(labelled)
    greet = vocabulary.values["act"].index("greet") + 1
    found = conversation_arrays(labelled, "conversation", vocabulary)
    # One of two alarms comes in time, one of two positives is found: F1 = 2 * 1 / (2 + 2).
    assert f1_of_first(found, [greet]) == pytest.approx(0.5)


def test_the_score_of_a_window_is_that_of_its_counts() -> None:
    fold, messages, _ = market(90)
    method = WindowedLogreg(window=4, patience=1)
    method.fit(fold, 0)
    rows = messages.filter(pl.col("conversation") == 3)
    whole = conversation_arrays(unlabelled(rows), "conversation", method._vocabulary)
    counts = method._vocabulary.window_counts(whole, np.arange(len(whole.steps.act)), 4)
    assert counts.sum(axis=1).tolist() == [3 * min(step, 4) for step in range(1, len(counts) + 1)]
    expected = 1 / (1 + np.exp(-(counts @ method._weights + method._intercept)))
    assert list(streamed(method, rows).values()) == pytest.approx(expected.tolist(), abs=1e-5)


def test_patience_averages_the_log_odds_of_the_last_windows() -> None:
    fold, messages, _ = market(90)
    rows = messages.filter(pl.col("conversation") == 3)
    scores = {}
    for patience in (1, 3):
        method = WindowedLogreg(window=4, patience=patience)
        method.fit(fold, 0)
        scores[patience] = np.array(list(streamed(method, rows).values()))
    odds = {patience: np.log(s / (1 - s)) for patience, s in scores.items()}
    assert odds[3][6] == pytest.approx(odds[1][4:7].mean(), abs=1e-6)


@pytest.fixture
def markov() -> HiddenMarkov:
    method = HiddenMarkov((2, 1, 1), iterations=2, prior=1e-3)
    method.fit(market(60)[0], 0)
    return method


def test_the_filter_is_the_sum_over_all_paths(markov: HiddenMarkov) -> None:
    rows = talk(["greet", "agree", "ask_documents", "state_debt"])
    whole = conversation_arrays(unlabelled(rows), "conversation", markov._vocabulary)
    emission = markov._emission(whole.steps)
    weight = {}
    for path in product(range(4), repeat=4):
        value = markov._initial[path[0]] * emission[0, path[0]]
        for step in range(1, 4):
            value *= markov._transition[path[step - 1], path[step]] * emission[step, path[step]]
        weight[path] = value
    after = sum(value for path, value in weight.items() if path[-1] == 3) / sum(weight.values())
    assert streamed(markov, rows)[1, 4] == pytest.approx(after)


def test_expectation_maximisation_never_lowers_the_likelihood() -> None:
    fold, _, _ = market(60)
    method = HiddenMarkov((3, 2, 2), iterations=0, prior=1e-9)
    method.fit(fold, 3)
    messages = fold.tables["messages"].collect().join(fold.labels("train").collect(), on="conversation")
    train = conversation_arrays(messages.sort("conversation", "sequence"), "conversation", method._vocabulary)
    found = [method._improve(train) for _ in range(8)]
    assert all(b >= a - 1e-6 for a, b in pairwise(found))
    assert found[-1] > found[0] + 1


def test_no_way_leads_from_after_the_onset_back_or_out_of_the_negative_block(
    markov: HiddenMarkov,
) -> None:
    assert markov._transition[:2, 2:].max() == 0
    assert markov._transition[3, :3].max() == 0
    assert markov._transition[2, 3] > 0


def test_gru_scores_a_conversation_step_by_step_as_a_whole() -> None:
    torch = pytest.importorskip("torch")
    from tipbaselines.recruitment_onset.gru import GRU, _code_tensor

    fold, messages, onsets = market(120)
    method, state = GRU(hidden=12, epochs=12, batch=16, learning_rate=0.02), torch.random.get_rng_state()
    method.fit(fold, 0)
    assert torch.equal(state, torch.random.get_rng_state())
    rows = messages.filter(pl.col("conversation") == 6)
    whole = conversation_arrays(unlabelled(rows), "conversation", method._vocabulary)
    with torch.no_grad():
        logits, _ = method._network(_code_tensor(whole.steps)[None], None)
    expected = torch.sigmoid(logits[0]).numpy()
    found = streamed(method, messages)
    own = [found[6, step] for step in range(1, rows.height + 1)]
    assert own == pytest.approx(expected.tolist(), abs=1e-5)
    assert own[onsets[6] + 2] > 0.5 > own[onsets[6] - 3]


def test_an_alarm_is_made_of_the_first_cue(tiny: Release) -> None:
    prepared = prepare("recruitment_onset", release=tiny)
    method = FirstCue()
    method.fit(prepared.folds[0], 0)
    made = streamed_alarms(method, prepared.folds[0], prepared.streams[0], "first_cue")
    assert 0 < made["step"].is_not_null().mean() < 1  # type: ignore[operator]


def scored(tiny: Release, without: str = "") -> pl.DataFrame:
    """The oracle's score of every message of the test part of ``operation``, and whether commitment had been reached.

    ``without``: a table of the filter that is left out.
    """
    prepared = prepare("recruitment_onset", release=tiny, split="operation", oracle=True)
    method = Oracle()
    method.fit(prepared.folds[0], 0)
    begin = method.begin

    def changed(units: pl.DataFrame) -> None:
        begin(units)
        if without:
            setattr(method._filter, without, np.ones_like(getattr(method._filter, without)))

    method.begin = changed
    found = scores_of(method, prepared.streams[0].test, "oracle")
    frame = pl.DataFrame({"conversation": found.unit, "step": found.step, "score": found.score})
    rows = prepared.answers.frame.join(frame, on="conversation")
    return rows.with_columns(now=(pl.col("onset") <= pl.col("step")).fill_null(False))


def surprise(rows: pl.DataFrame) -> float:
    """Return the mean log loss over messages."""
    p = rows["score"].to_numpy().clip(1e-6, 1 - 1e-6)
    return float(-np.where(rows["now"].to_numpy(), np.log(p), np.log(1 - p)).mean())


@pytest.fixture(scope="module")
def exact(tiny: Release) -> pl.DataFrame:
    return scored(tiny)


@pytest.mark.parametrize("truth", ["label", "now"])
def test_the_posterior_after_the_last_message_is_calibrated(exact: pl.DataFrame, truth: str) -> None:
    """It is the share of conversations that have committed by then; and it does not know all."""
    last = exact.sort("conversation", "step").unique("conversation", keep="last")
    binned = last.with_columns(bin=(pl.col("score") * 4).floor().clip(0, 3)).group_by("bin")
    found = binned.agg(pl.col("score").mean(), pl.col(truth).mean(), pl.len())
    assert found.height == 4
    error = (found["score"] * (1 - found["score"]) / found["len"]).sqrt()
    assert ((found["score"] - found[truth]).abs() < 3 * error + 0.01).all()
    assert 0.9 < roc_auc_score(last["label"], last["score"]) < 0.995


@pytest.mark.slow
def test_without_the_law_of_answers_the_filter_is_more_surprised(tiny: Release, exact: pl.DataFrame) -> None:
    assert surprise(scored(tiny, "_reply")) > surprise(exact) + 1e-4
