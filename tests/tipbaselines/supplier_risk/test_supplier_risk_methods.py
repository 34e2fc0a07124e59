"""Methods on suppliers: features by hand, signal where it is planted, and refusals in one sentence."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from hand_made import make_fold, predict
from sklearn.metrics import roc_auc_score
from tipbaselines.supplier_risk import personalised_pagerank
from tipbaselines.supplier_risk.lightgbm import LightGBM
from tipbaselines.supplier_risk.neighbour_lightgbm import NeighbourLightGBM
from tipbaselines.supplier_risk.personalised_pagerank import PersonalisedPageRank, suspicions
from tipbaselines.supplier_risk.sector_prior import SectorPrior
from tipbaselines.supplier_risk.suppliers import neighbour_features, own_features, read_supply_chain
from tipbench.data.fold import Fold
from tipbench.tasks import supplier_risk
from tipcore.errors import UsageError

FIRMS = pl.DataFrame(
    {
        "firm": [10, 20, 30, 40],
        "sector": ["farm", "farm", "mill", "shop"],
        "tier": [3, 3, 2, 1],
        "town": [5, 5, 6, 6],
        "agency": [7, 7, None, 8],
    }
)
SUPPLIES = pl.DataFrame({"supplier": [10, 20, 30], "buyer": [30, 30, 40], "payment_days": [30, None, 90]})
AUDITS = pl.DataFrame(
    {
        "firm": [10, 20, 20],
        "day": [5, 6, 9],
        "findings": [["hours"], ["documents", "hours"], []],
        "grade": [1, 3, 0],
    }
)
COMPLAINTS = pl.DataFrame({"firm": [40, 40], "topic": ["threats", "wages"]})


def fold(firms: pl.DataFrame, label: Any = None, train: float = 0.0, **tables: Any) -> Fold:
    return make_fold("supplier_risk", firms, label, train=train, **tables)


def chain():
    return read_supply_chain(fold(FIRMS, supplies=SUPPLIES, audits=AUDITS, complaints=COMPLAINTS))


def test_own_features_are_columns_of_a_firm_its_audits_and_its_terms() -> None:
    found = own_features(chain())
    assert found["sector farm"].to_list() == [1, 1, 0, 0]
    assert not {"town", "agency", "firm"} & set(found.columns)
    assert found["audits"].to_list() == [1, 2, 0, 0]
    assert found["audits findings hours"].to_list() == [1, 1, 0, 0]
    assert found["audits most grade"][:2].to_list() == [1, 3]
    assert np.isnan(found["audits most grade"][2])
    assert found["audits last day"][1] == 9
    assert found["complaints topic threats"].to_list() == [0, 0, 0, 1]
    assert found["sold"].to_list() == [1, 1, 1, 0]
    assert found["sold mean payment_days"][0] == 30
    assert np.isnan(found["sold mean payment_days"][1])
    assert found["bought mean payment_days"].to_list()[2:] == [30, 90]


def test_what_is_not_finite_is_no_largest_value() -> None:
    audits = AUDITS.with_columns(grade=pl.Series([1.0, np.inf, 0.0]))
    found = own_features(read_supply_chain(fold(FIRMS, audits=audits)))
    assert found["audits most grade"][0] == 1
    assert np.isnan(found["audits most grade"][1])


def test_neighbours_are_the_agencys_others_buyers_suppliers_and_those_who_share_a_buyer() -> None:
    found = neighbour_features(chain())
    audit_levels, topics = 2, 2
    width = 1 + (1 + audit_levels) + (1 + topics)
    others, buyers, suppliers, rivals = (found[:, i * width] for i in range(4))
    assert others.tolist() == [1, 1, 0, 0]
    assert buyers.tolist() == [1, 1, 1, 0]
    assert suppliers.tolist() == [0, 0, 2, 1]
    assert rivals.tolist() == [1, 1, 0, 0]
    # The agency's other firm of the first has two audits, one of which found documents; of all three, one did.
    assert found[0, 1:4].tolist() == pytest.approx([2, (1 + 1 / 3) / 3, (1 + 2 / 3) / 3])


def test_signs_of_forced_labour_are_those_of_the_task() -> None:
    assert personalised_pagerank.FORCED_LABOUR == supplier_risk.FORCED_LABOUR


def test_suspicions_are_findings_and_complaints_that_point_to_forced_labour() -> None:
    assert suspicions(chain()).tolist() == [0, 1, 0, 1]


def planted(nodes: int = 1200) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray]:
    """Firms of some agencies are positive, and only audits of the agency's other firms tell which; no agency is both
    in train and in test."""
    generator = np.random.default_rng(0)
    agency = np.arange(nodes) // 12
    bad = generator.random(nodes // 12) < 0.4
    label = (bad[agency] & (generator.random(nodes) < 0.7)).astype(np.int8)
    audited = np.flatnonzero((generator.random(nodes) < 0.5) & (label == 0))
    firms = pl.DataFrame({"firm": np.arange(nodes), "sector": "farm", "agency": agency})
    found = [["fees"] if bad[agency[i]] else ["hours"] for i in audited]
    return firms, pl.DataFrame({"firm": audited, "findings": found}), label


def test_methods_that_see_neighbours_learn_from_audits_of_an_agencys_other_firms() -> None:
    firms, audits, label = planted()
    supplies = pl.DataFrame({"supplier": [0], "buyer": [1]})
    unaudited = ~np.isin(np.arange(len(label)), audits["firm"].to_numpy())
    given = fold(firms, label, 0.6, audits=audits, supplies=supplies)

    def among_unaudited(method: object) -> float:
        found = predict(method, given)
        rows = found.filter(pl.Series(unaudited[found["firm"].to_numpy()]))
        return float(roc_auc_score(label[rows["firm"].to_numpy()], rows["score"]))

    assert among_unaudited(NeighbourLightGBM()) > 0.9
    assert among_unaudited(PersonalisedPageRank()) > 0.9
    assert abs(among_unaudited(LightGBM()) - 0.5) < 0.1


def test_walks_without_a_known_or_suspected_firm_score_all_alike() -> None:
    assert predict(PersonalisedPageRank(), fold(FIRMS, supplies=SUPPLIES))["score"].n_unique() == 1


def test_rates_are_those_of_the_sector_and_tier_shrunk_to_what_is_above() -> None:
    """40 farms of tier 3 with 20 positives, 40 mills of tier 2 with none; strength 40; a new tier gets its sector's."""
    firms = pl.DataFrame(
        {
            "firm": np.arange(84),
            "sector": ["farm"] * 40 + ["mill"] * 40 + ["farm", "farm", "mill", "shop"],
            "tier": [3] * 40 + [2] * 40 + [3, 1, 2, 1],
        }
    )
    label = np.zeros(84)
    label[:20] = 1
    score = predict(SectorPrior(strength=40), fold(firms, label, train=80 / 84))["score"].to_list()
    overall = 21 / 82
    farm, mill = (20 + 40 * overall) / 80, 40 * overall / 80
    assert score == pytest.approx([(20 + 40 * farm) / 80, farm, 40 * mill / 80, overall])


@pytest.mark.parametrize("method", [SectorPrior, LightGBM, NeighbourLightGBM])
def test_labels_of_one_class_give_their_prevalence_and_none_are_refused(method: type) -> None:
    made = method()
    if method is not SectorPrior:  # which has a rate a sector
        given = fold(FIRMS, np.zeros(4), train=0.5, supplies=SUPPLIES)
        made.fit(given, 0)
        assert set(made.predict(given)["score"]) == {1 / 4}
    with pytest.raises(UsageError, match="learns from labels and this fold gives none"):
        made.fit(fold(FIRMS, supplies=SUPPLIES), 0)
