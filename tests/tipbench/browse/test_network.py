"""The network of a case: whose rows are in it, what joins them, and its figure."""

import polars as pl
import pytest
from tipbench.browse.network import KINDS, LINES, MOST, SORTS, Network, draw_network, network_of
from tipbench.browse.site import first_regions
from tipbench.data.harm_groups import owned_firms
from tipbench.pages.svg import PHONE
from tipbench.stories.sources import find_operations_of
from tipdata.release import Release

TABLES = {"account": "accounts", "wallet": "wallets", "circuit": "circuits"}


@pytest.fixture(scope="module")
def best(tiny: Release) -> int:
    return find_operations_of(tiny, "kind=trafficking")["operation"][0]


@pytest.fixture(scope="module")
def network(tiny: Release, best: int) -> Network:
    return network_of(first_regions(tiny), best)


def test_all_rows_of_an_operation_are_counted_and_no_other_is_in_it(
    tiny: Release, network: Network, best: int
) -> None:
    for kind, table in TABLES.items():
        owned = tiny.scan(table, truth=True).filter(pl.col("operation") == best).collect()[kind]
        assert network.total[kind] == owned.len()
        assert {node.id for node in network.of(kind)} <= set(owned)
        assert len(network.of(kind)) == min(owned.len(), MOST)
    firms = owned_firms(tiny).filter(pl.col("operation") == best).collect()["firm"]
    assert {node.id for node in network.of("firm")} <= set(firms)


def test_payments_between_own_wallets_are_links_and_others_are_counted(
    tiny: Release, network: Network, best: int
) -> None:
    mine = {node.id for node in network.of("wallet")}
    paid = tiny.scan("payments").collect()
    inside = paid.filter(pl.col("payer").is_in(list(mine)) & pl.col("payee").is_in(list(mine)))
    inside = inside.filter(pl.col("payer") != pl.col("payee"))
    assert sum(link.count for link in network.links if link.sort == "payment") == inside.height > 0
    for node in network.of("wallet"):
        ends = paid.filter((pl.col("payer") == node.id) | (pl.col("payee") == node.id))
        partners = set(ends["payer"]) | set(ends["payee"])
        assert node.others == len(partners - mine)


def test_links_join_rows_that_are_drawn_and_each_sort_is_explained(network: Network) -> None:
    drawn = {(node.kind, node.id) for node in network.nodes}
    assert network.links
    for link in network.links:
        assert set(link.ends) <= drawn
        assert link.ends[0] != link.ends[1]
        assert link.count > 0
        assert link.sort in SORTS
    assert set(LINES) == set(SORTS)
    assert len(set(LINES.values())) == len(LINES)
    assert len({node.name for node in network.nodes}) == len(network.nodes)
    assert {node.name[0] for node in network.nodes} <= set(KINDS.values())


@pytest.mark.parametrize("phone", [False, True])
def test_every_row_and_link_is_drawn_within_the_figure(network: Network, phone: bool) -> None:
    drawing = draw_network(network, "t", phone)
    texts = {mark.text for mark in drawing.marks if mark.tag == "text"}
    assert {node.name for node in network.nodes} <= texts
    assert sum(mark.tag == "path" for mark in drawing.marks) == len(network.links)
    assert drawing.width <= (PHONE if phone else 900)
    heights = [float(dict(mark.attributes)["y"]) for mark in drawing.marks if mark.tag == "text"]
    assert 0 < min(heights) < max(heights) < drawing.height


@pytest.mark.parametrize("phone", [False, True])
def test_the_legend_is_in_the_figure_and_has_the_lines_that_are_drawn(network: Network, phone: bool) -> None:
    drawing = draw_network(network, "t", phone)
    marks = [(mark.tag, dict(mark.attributes)) for mark in drawing.marks]
    strokes = {
        tag: {(is_of["stroke"], is_of.get("stroke-dasharray", "")) for of, is_of in marks if of == tag}
        for tag in ("path", "line")
    }
    there = {link.sort for link in network.links}
    assert strokes["line"] == strokes["path"] == {LINES[sort] for sort in there}
    said = " ".join(mark.text or "" for mark in drawing.marks)
    for sort in SORTS:
        assert (SORTS[sort].partition(" (")[0] in said) == (sort in there)
        assert (SORTS[sort] in drawing.about) == (sort in there)
