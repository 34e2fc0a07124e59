"""Who is exploited and by whom: sex, children, forms, sectors, control, recruiters, how long it lasts."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import View, shares

Measure = Callable[[View], pl.DataFrame]
LABOUR, SEXUAL = ("labour", "domestic_servitude"), ("sexual", "sex_tourism")
STAFF = ("controller", "recruiter", "writer")
YEAR = 365
FORMS = {
    "forced labour": (LABOUR, ".42", 0.36, 0.48, "secondary"),
    "sexual exploitation": (SEXUAL, ".36-.38", 0.32, 0.44, "memory"),
    "forced criminality": (("forced_criminality",), ".08", 0.05, 0.12, "read"),
}
SECTORS = {
    "domestic": ("domestic work", 0.37),
    "agricultural": ("agriculture", 0.33),
    "construction": ("construction", 0.19),
    "hospitality": ("hospitality", 0.12),
}
CONTROL = {
    "psychological abuse, sexual exploitation": (SEXUAL, ("psychological_abuse",), 0.62),
    "threats, sexual exploitation": (SEXUAL, ("threats",), 0.38),
    "movement restricted, sexual exploitation": (SEXUAL, ("restricts_movement",), 0.37),
    "psychological abuse, forced labour": (LABOUR, ("psychological_abuse",), 0.60),
    "movement restricted, forced labour": (LABOUR, ("restricts_movement",), 0.60),
    "debt bondage or earnings taken, forced labour": (LABOUR, ("debt_bondage", "takes_earnings"), 0.60),
}
DURATIONS = {
    "under a year, forced labour": (LABOUR, "short", 0.38),
    "over two years, forced labour": (LABOUR, "long", 0.33),
    "under a year, sexual exploitation": (SEXUAL, "short", 0.59),
    "over two years, sexual exploitation": (SEXUAL, "long", 0.26),
}
TOLERANCE = 0.06


def _of(view: View, forms: tuple[str, ...]) -> pl.DataFrame:
    return view.exploited.filter(pl.col("form").is_in(forms))


def _women_on_lists(view: View) -> pl.DataFrame:
    known = view.rows("case_lists", "sex", "count").filter(pl.col("sex") != "any")
    return shares(known.with_columns(weight=pl.col("count").cast(pl.Float64)), pl.col("sex") == "female")


def _children(view: View) -> pl.DataFrame:
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
    def measure(view: View) -> pl.DataFrame:
        counts = view.rows("child_counts", "sex", "form", "count").filter(pl.col("sex") == sex)
        return shares(counts.with_columns(weight=pl.col("count").cast(pl.Float64)), pl.col("form") == form)

    return measure


def _form(forms: tuple[str, ...]) -> Measure:
    return lambda view: shares(view.exploited, pl.col("form").is_in(forms))


def _organised(view: View) -> pl.DataFrame:
    rows = view.rows("operations", "operation", "kind", "organisation")
    return shares(rows.filter(pl.col("kind") == "trafficking"), pl.col("organisation") != "individual")


def _men_among_staff(view: View) -> pl.DataFrame:
    people = view.rows("people", "operation", "role", "sex").filter(pl.col("role").is_in(STAFF))
    return shares(people, pl.col("sex") == "male")


def _per_trafficker(view: View) -> pl.DataFrame:
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


def _sector(category: str) -> Measure:
    return lambda view: shares(_of(view, LABOUR), pl.col("category") == category)


def _control(forms: tuple[str, ...], means: tuple[str, ...]) -> Measure:
    met = pl.col("means_of_control").list.set_intersection(list(means)).list.len() > 0
    return lambda view: shares(_of(view, forms), met)


def _relation(forms: tuple[str, ...] | None, relations: tuple[str, ...]) -> Measure:
    def measure(view: View) -> pl.DataFrame:
        rows = view.exploited if forms is None else _of(view, forms)
        known = rows.drop_nulls("recruiter_relation")
        return shares(known, pl.col("recruiter_relation").is_in(relations))

    return measure


def _duration(forms: tuple[str, ...], length: str) -> Measure:
    """Of spells that ended within the window, as those are of whom a service makes a record."""
    days = pl.col("to_day") - pl.col("from_day")
    met = days < YEAR if length == "short" else days > 2 * YEAR
    return lambda view: shares(_of(view, forms).drop_nulls("to_day"), met)


def _text(share: float) -> str:
    return f"{share:.2f}".lstrip("0")


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
    *(
        Aggregate(
            f"{name}, of forced labour",
            _text(share),
            share - TOLERANCE,
            share + TOLERANCE,
            "ctdc2024",
            ("people", "operations"),
            _sector(category),
            "input",
            "operations.category.labour",
        )
        for category, (name, share) in SECTORS.items()
    ),
    *(
        Aggregate(
            name,
            _text(share),
            share - TOLERANCE,
            share + TOLERANCE,
            "ctdc2024",
            ("people", "operations"),
            _control(forms, means),
            "input",
            f"people.control.{'labour' if forms == LABOUR else 'other'}",
        )
        for name, (forms, means, share) in CONTROL.items()
    ),
    Aggregate(
        "recruiter neither partner, family nor friend, forced labour",
        ".81",
        0.75,
        0.87,
        "ctdc2024",
        ("people", "operations"),
        _relation(LABOUR, ("other",)),
        "input",
        "people.relation.labour",
    ),
    Aggregate(
        "recruiter partner, family or friend, sexual exploitation",
        ".62",
        0.56,
        0.68,
        "ctdc2024",
        ("people", "operations"),
        _relation(SEXUAL, ("partner", "family", "friend")),
        "input",
        "people.relation.other",
    ),
    Aggregate(
        "recruiter is family, all forms",
        ".21-.31",
        0.18,
        0.34,
        "polaris2020",
        ("people",),
        _relation(None, ("family",)),
        "unused",
        mark="secondary",
        note="published of reports to a helpline, 2019 and 2020, children among them",
    ),
    *(
        Aggregate(
            name,
            _text(share),
            share - TOLERANCE,
            share + TOLERANCE,
            "ctdc2024",
            ("people", "operations"),
            _duration(forms, length),
            "tuned",
            f"people.duration.{'labour' if forms == LABOUR else 'other'}",
            note="spells that ended within the two years",
        )
        for name, (forms, length, share) in DURATIONS.items()
    ),
    Aggregate(
        "men, of forced criminality",
        "most",
        0.50,
        1.0,
        "ohchr2023",
        ("people", "operations"),
        lambda v: shares(_of(v, ("forced_criminality",)), pl.col("sex") == "male"),
        "input",
        "people.women",
    ),
)
