"""What each advert_risk baseline makes of adverts that were made for it."""

from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pytest
from hand_made import auroc, make_fold, predict
from tipbaselines.advert_risk.cluster_pooling import ClusterPooling, advert_clusters, pooled_log_odds
from tipbaselines.advert_risk.indicator_count import IndicatorCount, indicators
from tipbaselines.advert_risk.joined_tables import JoinedTables, money_near, wallet_traits
from tipbaselines.advert_risk.lightgbm import JOB_FIELDS, LightGBM, linear_model
from tipbaselines.advert_risk.linked_pooling import LinkedPooling
from tipbaselines.advert_risk.oracle import Oracle
from tipbaselines.advert_risk.prior import Prior
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.frames import logit
from tipbench.data.access import check_needs
from tipbench.data.fold import Fold
from tipbench.tasks.advert_risk import TASK
from tipcore.errors import UsageError

DAY = 1440
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
SMALL: dict[str, Any] = {"leaf_size": 10, "components": 4, "rounds": 60, "learning_rate": 0.2, "crossfits": 3}


fold_of = partial(make_fold, "advert_risk")


def scores(method: Any, fold: Fold) -> dict[int, float]:
    made = predict(method, fold)
    return dict(zip(made["advert"], made["score"], strict=True))


def market(count: int = 600, telling: str = "body") -> tuple[pl.DataFrame, np.ndarray, list[str]]:
    """Adverts of which half are positive, distinguished by their body or by their price; a third in each part."""
    rng = np.random.default_rng(11)
    labels = rng.integers(0, 2, count)
    words = np.array([f"word{i}" for i in range(60)])
    noise = [" ".join(rng.choice(words, 12)) for _ in range(count)]
    mark = np.where(labels == 1, " silver", " golden") if telling == "body" else np.full(count, "")
    price = np.where(labels == 1, 5_000, 20_000) if telling == "price" else np.full(count, 9_000)
    adverts = pl.DataFrame(
        {
            "advert": np.arange(count),
            "title": ["an advert"] * count,
            "body": [n + m for n, m in zip(noise, mark, strict=True)],
            "price": (price + rng.integers(0, 4_000, count)).astype(np.int32),
            "minute": rng.integers(0, 730 * 1440, count).astype(np.int32),
            "contacts": [[int(i)] for i in range(count)],
            "images": [[]] * count,
            "platform": rng.choice(["p00", "p01"], count),
            "category": rng.choice(["domestic", "massage"], count),
            "language": ["en"] * count,
            **{name: rng.choice([True, False], count) for name in JOB_FIELDS},
        },
        schema_overrides={"images": pl.List(pl.Int64)},
    )
    return adverts, labels, [("train", "valid", "test")[i % 3] for i in range(count)]


def test_prior_gives_everyone_the_training_prevalence() -> None:
    adverts, _, parts = market(30)
    labels = [1, 0, 0, 0, 0, 0] * 5
    found = scores(Prior(), fold_of(adverts, labels, parts))
    share = sum(label for label, part in zip(labels, parts, strict=True) if part == "train")
    assert set(found.values()) == {(share + 1) / (10 + 2)}


def test_the_oracle_is_the_posterior_of_the_operation_and_not_of_its_neighbour_in_another_region() -> None:
    adverts = pl.DataFrame({"region": [0, 0, 1], "advert": [1, 2, 3], "operation": [7, 8, 7]})
    operations = pl.DataFrame({"region": [0, 0, 1], "operation": [7, 8, 7], "log_odds": [0, 2000, -3000]})
    found = scores(Oracle(), fold_of(adverts, operations=operations))
    assert [found[a] for a in (1, 2, 3)] == pytest.approx([0.5, 1 / (1 + np.exp(-2)), 1 / (1 + np.exp(3))])


@pytest.mark.parametrize(
    "method", [TfidfLogreg(), LightGBM(**SMALL), JoinedTables(**SMALL), ClusterPooling(), LinkedPooling()]
)
def test_a_telling_word_is_learnt(method) -> None:
    adverts, labels, parts = market()
    assert auroc(method, fold_of(adverts, labels, parts), labels) > 0.95


def test_trees_learn_from_the_price_what_a_text_model_cannot() -> None:
    adverts, labels, parts = market(telling="price")
    fold = fold_of(adverts, labels, parts)
    assert auroc(LightGBM(**SMALL), fold, labels) > 0.95
    assert auroc(TfidfLogreg(), fold, labels) < 0.65


@pytest.mark.parametrize("method", [TfidfLogreg(), LightGBM(), ClusterPooling(), LinkedPooling()])
def test_with_labels_of_one_class_every_score_is_the_prevalence(method) -> None:
    adverts, labels, parts = market(60)
    found = scores(method, fold_of(adverts, [0] * len(labels), parts))
    assert np.ptp(list(found.values())) < 1e-12
    assert 0 < max(found.values()) < 0.1


def test_a_cross_fitted_score_knows_no_word_of_its_own_cluster() -> None:
    documents = ["a b", "a c", "b d", "c d", "a only", "d e"]
    labels, cluster = np.array([1, 1, 0, 0, 1, 0]), np.array([0, 0, 1, 1, 2, 2])
    _, score = linear_model(documents, labels, cluster, 10.0, 3)
    for held in range(3):
        outside = [documents[i] for i in np.flatnonzero(cluster != held)]
        apart = TfidfLogreg().new_model().fit(outside, labels[cluster != held])
        inside = np.flatnonzero(cluster == held)
        assert score[inside] == pytest.approx(logit(apart.scores([documents[i] for i in inside])), abs=0)


def test_equal_texts_weigh_as_often_as_they_occur() -> None:
    from sklearn.linear_model import LogisticRegression

    documents, labels = ["a b", "a c", "b d", "c d"], np.array([1, 1, 0, 0])
    copies = [0, 0, 0, 1, 2, 2, 3]
    copied = [documents[i] for i in copies]
    twice = TfidfLogreg(ngrams=1).new_model().fit(copied, labels[copies])
    plain = TfidfLogreg(ngrams=1).new_model().fit(documents, labels)
    matrix = twice.pipeline[:-1].transform(copied)
    reference = LogisticRegression(C=10.0, max_iter=300).fit(matrix, labels[copies])
    assert twice.scores(copied) == pytest.approx(reference.predict_proba(matrix)[:, 1], abs=1e-4)
    assert twice.scores(documents) != pytest.approx(plain.scores(documents), abs=1e-3)


def test_indicators_are_listed_in_all_six_languages_and_in_lower_case() -> None:
    for name, by_language in indicators().items():
        assert set(by_language) == set(LANGUAGES), name
        assert all(p == p.lower() for phrases in by_language.values() for p in phrases), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_advert_that_shows_indicators_counts_more_than_one_that_does_not(language: str) -> None:
    shown = " / ".join(by[language][0] for by in list(indicators().values())[:4])
    adverts = pl.DataFrame({"advert": [1, 2], "body": [shown.upper(), "..."], "language": [language] * 2})
    found = scores(IndicatorCount(), fold_of(adverts))
    assert found[1] >= 4 / len(indicators())
    assert found[2] == 0


def test_a_phrase_counts_in_its_own_language_and_in_any_where_none_is_known() -> None:
    phrase = indicators()["one_address"]["ru"][0]
    adverts = pl.DataFrame(
        {"advert": range(6), "body": [phrase] * 5 + [""], "language": ["ru", "en", None, "eo", "ru", "ru"]}
    )
    said = scores(IndicatorCount(), fold_of(adverts))
    assert [said[advert] > 0 for advert in range(6)] == [True, False, True, True, True, False]
    unknown = scores(IndicatorCount(), fold_of(adverts.drop("language")))
    assert [unknown[advert] > 0 for advert in range(6)] == [True] * 5 + [False]


def test_a_contact_in_many_towns_is_an_indicator_in_any_language() -> None:
    adverts = pl.DataFrame(
        {"advert": range(6), "body": ["x"] * 6, "town": [1, 2, 3, 1, 1, 1], "contacts": [[1]] * 3 + [[2]] * 3}
    )
    found = scores(IndicatorCount(), fold_of(adverts))
    assert min(found[a] for a in (0, 1, 2)) > max(found[a] for a in (3, 4, 5)) == 0


def test_pooling_gives_each_group_one_vote_and_the_centre_its_own() -> None:
    log_odds = np.array([2.0, 2.0, 2.0, -1.0, 5.0])
    group, cluster = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 0, 0, 4])
    pooled = pooled_log_odds(log_odds, group, cluster, centre=-3.0, shrinkage=1.0)
    assert pooled == pytest.approx([(2 - 1 - 3) / 3] * 4 + [(5 - 3) / 2])


def test_adverts_are_clustered_by_text_or_contact_but_not_by_a_contact_of_the_whole_market() -> None:
    documents = ["one long text about cleaning a house on fridays"] * 2 + [
        "something else",
        "again other words",
    ]
    contacts = pl.Series([[1], [2], [2], [3]])
    _, cluster = advert_clusters(documents, contacts)
    assert cluster[0] == cluster[1] == cluster[2] != cluster[3]
    _, cluster = advert_clusters(documents, pl.Series([[1], [9], [9], [9]]), contact_limit=2)
    assert cluster[0] == cluster[1]
    assert len(set(cluster[1:].tolist())) == 3


def operators(each: int = 6) -> tuple[pl.DataFrame, np.ndarray, list[str]]:
    """Operators with a contact, a town and images of their own, of which half say in a third of their adverts what
    tells them; the first hundred are of train, the other forty of test."""
    rng = np.random.default_rng(23)
    words = np.array([f"word{i}" for i in range(80)])
    rows = []
    for operator in range(140):
        label = operator % 2
        for place in range(each):
            said = [*rng.choice(words, 14), *([("golden", "silver")[label]] if place < each // 3 else [])]
            body, part = " ".join(rng.permutation(said)), "train" if operator < 100 else "test"
            rows.append((len(rows), body, [operator], [1000 + operator], operator % 9, label, part))
    schema = ["advert", "body", "contacts", "images", "town", "label", "part"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.drop("label", "part"), frame["label"].to_numpy(), frame["part"].to_list()


def test_scores_are_pooled_over_linked_adverts() -> None:
    adverts, labels, parts = operators()
    fold = fold_of(adverts, labels, parts)
    assert auroc(TfidfLogreg(), fold, labels) < 0.75
    assert auroc(LinkedPooling(), fold, labels) > 0.85
    pooled = scores(LinkedPooling(), fold)
    by_operator = np.array([pooled[advert] for advert in range(600, 840)]).reshape(40, 6)
    assert np.ptp(by_operator, axis=1).max() < 1e-12


def test_a_re_post_does_not_outvote_the_other_adverts_of_its_operator() -> None:
    adverts, labels, parts = operators()
    copies = [600, *[602] * 30]  # what tells 600 is not in 602
    again = adverts[copies].with_columns(advert=pl.Series(range(840, 840 + len(copies))))
    longer = (pl.concat([adverts, again]), [*labels, *[0] * len(copies)], [*parts, *["test"] * len(copies)])
    once, often = (scores(LinkedPooling(), fold_of(*some)) for some in ((adverts, labels, parts), longer))
    assert often[600] == pytest.approx(once[600], abs=1e-9)


def test_flags_are_learnt_from_where_they_are_shown() -> None:
    adverts, labels, parts = market(telling="nothing")
    flags = pl.DataFrame({"advert": np.flatnonzero(labels), "reason": "suspected_exploitation"})
    assert auroc(JoinedTables(**SMALL), fold_of(adverts, labels, parts), labels) < 0.65
    assert auroc(JoinedTables(**SMALL), fold_of(adverts, labels, parts, flags=flags), labels) > 0.95


def test_accounts_join_a_word_to_adverts_that_do_not_say_it() -> None:
    """Three adverts per account and part; one of the three says what all of them are."""
    adverts, _, _ = market(900, telling="nothing")
    number = np.arange(900)
    account, says = number // 3, number % 3 == 0
    labels = np.random.default_rng(3).integers(0, 2, 300)[account]
    parts = [("train", "valid", "test")[one % 3] for one in account]
    mark = np.where(labels == 1, " silver", " golden")
    adverts = adverts.with_columns(body=pl.col("body") + pl.Series(np.where(says, mark, "")))
    alone = auroc(JoinedTables(**SMALL), fold_of(adverts, labels, parts), labels)
    named = adverts.with_columns(account=pl.Series(account))
    accounts = pl.DataFrame(
        {"account": np.arange(300), "created_day": 0, "verified": True, "device_cluster": np.arange(300)}
    )
    joined = auroc(JoinedTables(**SMALL), fold_of(named, labels, parts, accounts=accounts), labels)
    assert joined > max(0.85, alone + 0.1)


def paid(adverts: pl.DataFrame, wallets: int) -> pl.DataFrame:
    """Payments by wallet ``advert % wallets`` on the day of each advert; even wallets take wages as well."""
    wallet = pl.col("advert") % wallets + 100
    spent = adverts.select("minute", payer=wallet, payee=99, amount=1_234, purpose=pl.lit("advert"))
    takes = np.arange(100, 100 + wallets, 2)
    wages = pl.DataFrame({"minute": 0, "payer": 98, "payee": takes, "amount": 50_000, "purpose": "wages"})
    return pl.concat([spent, wages], how="vertical_relaxed")


def test_money_is_that_of_the_wallets_that_pay_when_the_case_advertises() -> None:
    adverts = pl.DataFrame(
        {
            "region": 0, "advert": [0, 1, 2, 3], "town": [5, 5, 6, 6], "contacts": [[1], [2], [1], [2]],
            "minute": [10 * DAY, 200 * DAY, 12 * DAY, 230 * DAY],
            "platform": "p", "language": "en", "category": "massage",
        }
    )  # fmt: skip
    payments = paid(adverts, 2)
    wallets = pl.DataFrame({"region": 0, "wallet": [100, 101], "town": [5, 6], "opened_day": [0, 0]})
    payments = payments.with_columns(region=0, town=pl.lit(None, pl.Int64))
    fold = fold_of(adverts, wallets=wallets, payments=payments)
    made = money_near(fold).sort("advert")
    # Cases are 0 and 2, paid for by the wallet that takes wages, and 1 and 3.
    assert (made["money purpose wages"] > 0).to_list() == [True, False, True, False]
    assert (made["money fit"] > 0.45).all()


def test_traits_of_a_wallet_are_those_of_its_payments() -> None:
    ends, amounts = {"payer": [1, 1, 2], "payee": [2, 3, 1]}, [5_000, 1_234, 10_000]
    payments = pl.DataFrame({**ends, "minute": 0, "amount": amounts, "purpose": ["a", None, "a"]})
    one = wallet_traits(payments.lazy()).filter(wallet=1).row(0, named=True)
    assert one["payments"] == pytest.approx(np.log1p(3))
    assert (one["share taken"], one["others for each payment"]) == pytest.approx((1 / 3, 2 / 3))
    assert (one["round"], one["purpose a"]) == pytest.approx((2 / 3, 2 / 3))


def test_it_runs_at_every_access_and_payments_are_for_the_widest() -> None:
    for access in ("public", "platform", "legal"):
        check_needs(TASK, JoinedTables.needs, access, oracle=False)
    with pytest.raises(UsageError, match=r"access=platform does not show: set access=legal\."):
        check_needs(TASK, {"payments.payer"}, "platform", oracle=False)
