"""Who is exploited and by whom: sex, children, forms, groups and their staff."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, shares

Measure = Callable[[ReleaseView], pl.DataFrame]
LABOUR, SEXUAL = ("labour", "domestic_servitude"), ("sexual", "sex_tourism")
STAFF = ("controller", "recruiter", "writer")
FORMS = {
    "forced labour": (LABOUR, ".42", 0.36, 0.48, "secondary"),
    "sexual exploitation": (SEXUAL, ".36-.38", 0.32, 0.44, "memory"),
    "forced criminality": (("forced_criminality",), ".08", 0.05, 0.12, "read"),
}


def exploited_in(view: ReleaseView, forms: tuple[str, ...]) -> pl.DataFrame:
    """Return the people who are exploited in one of some forms."""
    return view.exploited.filter(pl.col("form").is_in(forms))


def _women_on_lists(view: ReleaseView) -> pl.DataFrame:
    known = view.rows("case_lists", "sex", "count").filter(pl.col("sex") != "any")
    return shares(known.with_columns(weight=pl.col("count").cast(pl.Float64)), pl.col("sex") == "female")


def _children(view: ReleaseView) -> pl.DataFrame:
    children = view.rows("child_counts", "count").group_by("region").agg(part=pl.col("count").sum())
    adults = view.rows("populations", "observed").select("region", "observed")
    return (
        children.join(adults, on="region", maintain_order="left")
        .select(
            "region",
            part=pl.col("part").cast(pl.Float64),
            of=(pl.col("part") + pl.col("observed")).cast(pl.Float64),
        )
        .sort("region")
    )


def _children_by_form(sex: str, form: str) -> Measure:
    def measure(view: ReleaseView) -> pl.DataFrame:
        counts = view.rows("child_counts", "sex", "form", "count").filter(pl.col("sex") == sex)
        return shares(counts.with_columns(weight=pl.col("count").cast(pl.Float64)), pl.col("form") == form)

    return measure


def _form(forms: tuple[str, ...]) -> Measure:
    return lambda view: shares(view.exploited, pl.col("form").is_in(forms))


def _organised(view: ReleaseView) -> pl.DataFrame:
    rows = view.rows("operations", "operation", "kind", "organisation")
    return shares(rows.filter(pl.col("kind") == "trafficking"), pl.col("organisation") != "individual")


def _men_among_staff(view: ReleaseView) -> pl.DataFrame:
    people = view.rows("people", "operation", "role", "sex").filter(pl.col("role").is_in(STAFF))
    return shares(people, pl.col("sex") == "male")


def _per_trafficker(view: ReleaseView) -> pl.DataFrame:
    people = view.rows("people", "operation", "role")
    weight = pl.col("weight")
    return (
        people.group_by("region")
        .agg(
            part=weight.filter(pl.col("role") == "exploited").sum(),
            of=weight.filter(pl.col("role").is_in(STAFF)).sum(),
        )
        .sort("region")
    )


AGGREGATES = (
    Aggregate(
        "women, of adults detected",
        ".63",
        0.57,
        0.69,
        "unodc2024",
        ("case_lists",),
        _women_on_lists,
        "tuned",
        "people.women",
        "computed",
        note="39 women to 23 men; where a stratum tells the sex",
    ),
    Aggregate(
        "children, of all detected",
        ".38",
        0.34,
        0.42,
        "unodc2024",
        ("child_counts", "populations"),
        _children,
        "input",
        "children.detected",
    ),
    Aggregate(
        "sexual exploitation, of girls detected",
        ".60",
        0.54,
        0.66,
        "unodc2024",
        ("child_counts",),
        _children_by_form("female", "sexual"),
        "input",
        "children.forms.female",
    ),
    Aggregate(
        "forced labour, of boys detected",
        ".45",
        0.39,
        0.51,
        "unodc2024",
        ("child_counts",),
        _children_by_form("male", "labour"),
        "input",
        "children.forms.male",
    ),
    Aggregate(
        "other forms, of boys detected",
        ".47",
        0.41,
        0.53,
        "unodc2024",
        ("child_counts",),
        _children_by_form("male", "other"),
        "input",
        "children.forms.male",
    ),
    *(
        Aggregate(
            f"{name}, of exploited",
            published,
            low,
            high,
            "unodc2024",
            ("people", "operations"),
            _form(forms),
            "input",
            "operations.form",
            mark,  # type: ignore[arg-type]
            note="adults, hidden ones too; published of all detected",
        )
        for name, (forms, published, low, high, mark) in FORMS.items()
    ),
    Aggregate(
        "trafficking in organised groups",
        ".74",
        0.68,
        0.80,
        "unodc2024",
        ("operations",),
        _organised,
        "input",
        "operations.organisation",
        "secondary",
        note="operations; published of traffickers",
    ),
    Aggregate(
        "men, of those who exploit",
        ".70",
        0.64,
        0.76,
        "unodc2024",
        ("people",),
        _men_among_staff,
        "input",
        "people.women_staff",
        "secondary",
        note="published of those investigated, prosecuted and convicted",
    ),
    Aggregate(
        "exploited per trafficker",
        "2.2-5.1",
        2.0,
        5.5,
        "polaris2020",
        ("people",),
        _per_trafficker,
        "input",
        "people.staff",
        "computed",
        note="published of reports to a helpline, 2017 and 2019",
    ),
    Aggregate(
        "men, of forced criminality",
        "most",
        0.50,
        1.0,
        "ohchr2023",
        ("people", "operations"),
        lambda v: shares(exploited_in(v, ("forced_criminality",)), pl.col("sex") == "male"),
        "input",
        "people.women",
    ),
)
