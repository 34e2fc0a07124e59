"""Retrieval metrics against a brute-force mean over every order of tied candidates."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tipbench import kinds
from tipbench.evaluation.evaluation import evaluate
from tipbench.kinds.answers import Answers
from tipbench.kinds.lists import LINKS, add_link_counts
from tipbench.kinds.refusals import check_predictions
from tipbench.metrics.retrieval import RETRIEVAL_NAMES, score_queries
from tipbench.tasks import task_of


def score(clusters: list[int], rows: list[tuple[int, int, float]]) -> dict[int, dict[str, float]]:
    """Every metric of every query; units are 0 .. len(clusters) - 1."""
    gallery = pl.DataFrame({"advert": range(len(clusters)), "cluster": clusters})
    answers = Answers(kinds.CANDIDATES, "advert", gallery)
    candidates = check_predictions(
        answers,
        pl.DataFrame(
            rows, schema={"query": pl.Int64, "candidate": pl.Int64, "score": pl.Float64}, orient="row"
        ),
    )
    found = score_queries(gallery, answers.scored_rows(), candidates, "advert")
    return {row.pop("advert"): row for row in found.iter_rows(named=True)}


def brute_force(relevant: int, blocks: list[list[bool]]) -> dict[str, float]:
    """The mean of each metric over all orders of the candidates within blocks of equal score, best block
    first."""
    first = min(relevant, 10)
    found = []
    for orders in product(*(list(permutations(block)) for block in blocks)):
        ranked = [hit for order in orders for hit in order]
        rank = ranked.index(True) + 1 if any(ranked) else None
        found.append((sum(ranked[:first]) / first, 1 / rank if rank else 0.0, sum(ranked) / relevant))
    return dict(zip(RETRIEVAL_NAMES, np.mean(found, axis=0), strict=True))


@given(
    st.lists(st.integers(0, 2), min_size=3, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 7), st.sampled_from([0.0, 0.5, 1.0])),
        max_size=6,
        unique_by=lambda row: row[0],
    ),
)
def test_every_metric_is_its_mean_over_the_orders_of_ties(clusters: list[int], given_rows) -> None:
    clusters = [0, 0, *clusters]
    rows = [(candidate, value) for candidate, value in given_rows if 0 < candidate < len(clusters)]
    if not rows:
        return
    found = score(clusters, [(0, candidate, value) for candidate, value in rows])[0]
    blocks = [
        [clusters[candidate] == 0 for candidate, value in rows if value == level]
        for level in sorted({value for _, value in rows}, reverse=True)
    ]
    expected = brute_force(clusters.count(0) - 1, blocks)
    assert {name: found[name] for name in RETRIEVAL_NAMES} == pytest.approx(expected, abs=1e-12)


def test_a_query_weighs_as_many_operations_as_its_own_stands_for() -> None:
    frame = pl.DataFrame(
        {"advert": range(5), "cluster": [0, 0, 1, 1, 2], "weight": [0.1, 0.1, 1.5, 1.5, 1.0]}
    )
    lists = pl.DataFrame({"query": [0, 2, 3], "candidate": [1, 4, 2], "score": [1.0, 1.0, 1.0]})
    task = task_of("advert_authorship")
    found = evaluate(task, Answers(kinds.CANDIDATES, "advert", frame), lists, replicates=0).scores
    # Queries 0 and 3 are right, 1 names nobody, 2 names another.
    assert found["r_precision"].value == pytest.approx((0.1 + 1.5) / (0.1 + 0.1 + 1.5 + 1.5))
    alike = Answers(kinds.CANDIDATES, "advert", frame.drop("weight"))
    assert evaluate(task, alike, lists, replicates=0).scores["r_precision"].value == pytest.approx(0.5)


def test_more_than_ten_relevant_are_scored_over_ten_places() -> None:
    found = score([0] * 15, [(0, candidate, 1.0) for candidate in range(1, 11)])[0]
    assert found["r_precision"] == pytest.approx(1.0)
    assert found["recall_at_10"] == pytest.approx(10 / 14)


def test_missing_candidates_are_misses_and_singletons_are_no_queries() -> None:
    found = score([0, 0, 0, 0, 1], [(0, 1, 1.0), (4, 0, 1.0)])
    assert set(found) == {0, 1, 2, 3}
    assert found[0]["r_precision"] == pytest.approx(1 / 3)
    assert all(found[1][name] == 0.0 for name in RETRIEVAL_NAMES)


CASE_LINKS_TASK = task_of("case_linkage")
VIEWS = ("accounts", "wallets")


def made(seed: int) -> tuple[Answers, pl.DataFrame]:
    """Random seeds, rows and lists with many ties; two regions, five cases."""
    draw = np.random.default_rng(seed)
    rows = [
        {
            "region": int(region),
            "view": view,
            "candidate": candidate,
            "cluster": int(case) if case < 5 else None,
            "group": ("business", "independent", "resident", "trafficking")[int(draw.integers(4))],
        }
        for view in VIEWS
        for candidate, region, case in zip(
            range(12), draw.integers(0, 2, 12), draw.integers(0, 8, 12), strict=True
        )
    ]
    types = {"region": pl.Int32, "candidate": pl.Int64, "cluster": pl.Int64}
    gallery = pl.DataFrame(rows, schema_overrides=types)
    seeds = pl.DataFrame(
        {"advert": range(100, 108), "region": [0, 1] * 4, "cluster": [0, 1, 2, 3, 4, 0, 1, 2]}
    )
    own = (
        gallery.filter(view="accounts")
        .drop_nulls("cluster")
        .unique("cluster", keep="first", maintain_order=True)
    )
    given = own.select("region", "cluster", given="candidate")
    seeds = seeds.cast({"region": pl.Int32}).join(
        given, on=["region", "cluster"], how="left", maintain_order="left"
    )
    listed = [
        (int(row["advert"]), view, int(candidate), float(draw.integers(0, 3)))
        for row in seeds.iter_rows(named=True)
        for view in VIEWS
        for candidate in gallery.filter(view=view, region=row["region"])["candidate"].shuffle(seed).head(4)
    ]
    names = ["query", "view", "candidate", "score"]
    lists = pl.DataFrame(listed, schema=names, orient="row").cast({"candidate": pl.Int64})
    return Answers(LINKS, "advert", add_link_counts(seeds, gallery), gallery=gallery), lists


def by_hand(
    answers: Answers, lists: pl.DataFrame, view: str, seed: dict
) -> tuple[float | None, float, float]:
    """R-precision of a seed's list in a view (None without a link), and right and wrongful rows among the first three:
    means over all orders of ties."""
    assert answers.gallery is not None
    rows = {
        r["candidate"]: r
        for r in answers.gallery.filter(view=view, region=seed["region"]).iter_rows(named=True)
    }
    given = seed["given"] if view == "accounts" else None
    links = {key for key, row in rows.items() if row["cluster"] == seed["cluster"] and key != given}
    listed = [
        r
        for r in lists.filter(query=seed["advert"], view=view).iter_rows(named=True)
        if r["candidate"] != given
    ]
    orders = [
        order
        for order in permutations(listed)
        if all(left["score"] >= right["score"] for left, right in pairwise(order))
    ]
    most = min(len(links), 10)
    hits = [sum(row["candidate"] in links for row in order[:most]) for order in orders]
    right = [sum(row["candidate"] in links for row in order[:3]) for order in orders]
    wrong = [
        sum(
            row["candidate"] not in links and rows[row["candidate"]]["group"] != "trafficking"
            for row in order[:3]
        )
        for order in orders
    ]
    precision = float(np.mean(hits)) / most if links else None
    return precision, float(np.mean(right)), float(np.mean(wrong))


@pytest.mark.parametrize("seed", range(6))
def test_every_metric_is_what_counting_by_hand_gives(seed: int) -> None:
    """Also where a seed weighs as many operations as its own stands for."""
    answers, lists = made(seed)
    stands_for = pl.Series([0.05, 1.0, 2.0, 0.5, 1.25]).gather(answers.frame["cluster"])
    wrongful = []
    for frame in (answers.frame, answers.frame.with_columns(weight=stands_for)):
        weighted = Answers(LINKS, "advert", frame, gallery=answers.gallery)
        found = evaluate(CASE_LINKS_TASK, weighted, lists, replicates=0)
        asked = frame.filter(pl.col("links") > 0)
        weight = asked.get_column("weight", default=pl.repeat(1.0, asked.height, eager=True)).to_numpy()
        counted = np.array(
            [[by_hand(answers, lists, v, s) for v in VIEWS] for s in asked.iter_rows(named=True)], dtype=float
        )
        precision = counted[:, :, 0]
        for name, values in (
            ("r_precision", np.nanmean(precision, axis=1)),
            *((f"r_precision_{view}", precision[:, k]) for k, view in enumerate(VIEWS)),
        ):
            there = ~np.isnan(values)
            expected = np.average(values[there], weights=weight[there])
            assert found.scores[name].value == pytest.approx(expected, abs=1e-12)
        right, wrong = weight @ counted[:, :, 1:].sum(axis=1)
        assert found.scores["wrongful_links"].value == pytest.approx(wrong / right, abs=1e-12)
        assert found.groups["lawful"]["wrongful_links"] == pytest.approx(wrong / right, abs=1e-12)
        wrongful.append(wrong / right)
    assert wrongful[0] != pytest.approx(wrongful[1])


def test_recall_by_form_is_the_precision_of_its_seeds_with_an_interval() -> None:
    """Sixty cases of one wallet each; labour is found in two of three, organs too seldom seen for an interval."""
    cases = 60
    form = ["organs" if case < 5 else "labour" if case < 40 else None for case in range(cases)]
    weight = [0.5 if case % 2 else 2.0 for case in range(cases)]
    key = pl.Series(range(cases), dtype=pl.Int64)
    region = pl.Series([0] * cases, dtype=pl.Int32)
    gallery = pl.DataFrame(
        {"region": region, "view": "wallets", "candidate": key, "cluster": key, "group": "business"}
    )
    seeds = pl.DataFrame({"advert": key, "region": region, "cluster": key, "form": form, "weight": weight})
    answers = Answers(
        LINKS,
        "advert",
        add_link_counts(seeds.with_columns(given=pl.lit(None, pl.Int64)), gallery),
        gallery=gallery,
    )
    named = [case if case % 3 else (case + 1) % cases for case in range(cases)]
    lists = pl.DataFrame({"query": key, "view": "wallets", "candidate": named, "score": 1.0})
    found = evaluate(CASE_LINKS_TASK, answers, lists, replicates=200).by_form
    assert list(found) == ["labour", "organs"]
    labour, organs = found["labour"], found["organs"]
    hits = [(weight[c], bool(c % 3)) for c in range(5, 40)]
    assert labour.value == pytest.approx(sum(w for w, hit in hits if hit) / sum(w for w, _ in hits))
    assert labour.operations == 35
    assert labour.low < labour.value < labour.high  # type: ignore[operator]
    assert (organs.operations, organs.low, organs.note) == (5, None, "too few clusters")


def test_the_account_that_a_seed_names_counts_neither_way() -> None:
    answers, lists = made(0)
    given = answers.frame.drop_nulls("given").select(query="advert", candidate="given")
    named = given.with_columns(view=pl.lit("accounts"), score=pl.lit(9.0)).select(lists.columns)
    others = lists.join(
        given.with_columns(view=pl.lit("accounts")), on=["query", "view", "candidate"], how="anti"
    )
    with_it, without = (
        evaluate(CASE_LINKS_TASK, answers, one, replicates=0).scores
        for one in (pl.concat([named, others]), others)
    )
    assert {n: s.value for n, s in with_it.items()} == {n: s.value for n, s in without.items()}


def test_groups_share_out_the_wrongful_links() -> None:
    answers, lists = made(2)
    made_of = evaluate(CASE_LINKS_TASK, answers, lists, replicates=0)
    shares = {
        name: values["wrongful_links"]
        for name, values in made_of.groups.items()
        if "wrongful_links" in values
    }
    assert shares.pop("lawful") == pytest.approx(sum(value or 0 for value in shares.values()))
    assert set(shares) <= {"business", "independent", "resident"}


def test_the_truth_wrongs_nobody_and_without_a_true_link_wrongful_links_have_no_share() -> None:
    answers, lists = made(2)
    assert answers.gallery is not None
    truth = answers.frame.join(answers.gallery, on=["region", "cluster"]).select(
        "view", "candidate", query="advert", score=pl.lit(1.0)
    )
    scores = evaluate(CASE_LINKS_TASK, answers, truth, replicates=0).scores
    assert (scores["r_precision"].value, scores["wrongful_links"].value) == (1.0, 0.0)
    wrong = lists.join(truth, on=["query", "view", "candidate"], how="anti")
    scored = evaluate(CASE_LINKS_TASK, answers, wrong, replicates=0)
    assert scored.scores["wrongful_links"].value is None
    assert {one["wrongful_links"] for one in scored.groups.values() if "wrongful_links" in one} == {None}
