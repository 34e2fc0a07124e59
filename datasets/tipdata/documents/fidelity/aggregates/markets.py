"""Advert markets: duplicates, vendors, contacts, images, towns, fields of job adverts, prices."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from tipdata.documents.fidelity.aggregate import Aggregate
from tipdata.documents.fidelity.view import ReleaseView, means, shares

Measure = Callable[[ReleaseView], pl.DataFrame]
VENDOR = 5
"""Adverts from which on a component of contacts counts as a vendor, as in IDTraffickers."""
STEP = 5_000
"""Minor units of XTS: what round prices are multiples of."""
FIELDS = {
    "wage_deductions": ("wage deductions", 0.765, 0.72, 0.81),
    "transport": ("transport", 0.756, 0.71, 0.80),
    "accommodation": ("shared accommodation", 0.656, 0.61, 0.70),
    "help_settling": ("help settling", 0.628, 0.58, 0.67),
    "transfer_support": ("transfer support", 0.621, 0.57, 0.67),
    "experience": ("prior experience", 0.377, 0.33, 0.42),
}
TOWNS = {
    1: ("largest town", 0.289, 0.24, 0.34),
    5: ("five largest towns", 0.580, 0.53, 0.65),
    10: ("ten largest towns", 0.778, 0.73, 0.83),
}


def _duplicates(view: ReleaseView) -> pl.DataFrame:
    groups = view.adverts.group_by("region").agg(
        of=pl.col("weight").sum(), first=pl.col("near_duplicate_group").n_unique().cast(pl.Float64)
    )
    return groups.select("region", part=pl.col("of") - pl.col("first"), of="of").sort("region")


def _vendors(view: ReleaseView) -> pl.DataFrame:
    sizes = view.vendors.filter(pl.col("size") >= VENDOR)
    return (
        sizes.group_by("region")
        .agg(part=pl.len().cast(pl.Float64), of=pl.col("component").n_unique().cast(pl.Float64))
        .sort("region")
    )


def _texts_of_vendors(view: ReleaseView) -> pl.DataFrame:
    bodies = view.rows("adverts", "advert", "body").select("advert", text=pl.col("body").hash())
    sizes = view.vendors.filter(pl.col("size") >= VENDOR).join(bodies, on="advert", maintain_order="left")
    return (
        sizes.group_by("region")
        .agg(part=pl.col("text").n_unique().cast(pl.Float64), of=pl.len().cast(pl.Float64))
        .sort("region")
    )


def _images(view: ReleaseView) -> pl.DataFrame:
    counts = view.rows("adverts", "operation", "images").with_columns(
        pl.col("images").list.len().fill_null(0)
    )
    return means(counts, pl.col("images").cast(pl.Float64))


def _towns(first: int) -> Measure:
    def measure(view: ReleaseView) -> pl.DataFrame:
        counts = (
            view.rows("adverts", "operation", "town").group_by("region", "town").agg(pl.col("weight").sum())
        )
        share = counts.with_columns(pl.col("weight") / pl.col("weight").sum().over("region"))
        largest = pl.col("weight").sort(descending=True).head(first).sum()
        return share.group_by("region").agg(part=largest, of=pl.lit(1.0)).sort("region")

    return measure


def _missing(field: str) -> Measure:
    def measure(view: ReleaseView) -> pl.DataFrame:
        rows = view.rows("adverts", "operation", "advert", field).join(
            view.of_family("jobs").select("advert"), on="advert", how="semi", maintain_order="left"
        )
        return shares(rows, pl.col(field).is_null())

    return measure


def _half_hours(view: ReleaseView) -> pl.DataFrame:
    """Of operations that state both: the price of half an hour over that of an hour, each their median."""
    by_basis = [
        pl.col("price").filter(pl.col("price_basis") == basis).median().alias(basis)
        for basis in ("half_hour", "hour")
    ]
    both = (
        view.of_family("services")
        .group_by("region", "operation")
        .agg(*by_basis)
        .drop_nulls()
        .with_columns(weight=pl.lit(1.0))
    )
    return means(both, pl.col("half_hour") / pl.col("hour"))


def _round(view: ReleaseView) -> pl.DataFrame:
    by_hour = view.of_family("services").filter(pl.col("price_basis") == "hour")
    return shares(by_hour, pl.col("price") % STEP == 0)


def _per_writer(view: ReleaseView) -> pl.DataFrame:
    """Of operations that have a writer: exploited, and writers."""
    of_role = [
        (pl.col("weight") * (pl.col("role") == role)).sum().alias(name)
        for role, name in (("exploited", "part"), ("writer", "of"))
    ]
    by_operation = (
        view.rows("people", "operation", "role")
        .group_by("region", "operation", maintain_order=True)
        .agg(of_role)
    )
    return (
        by_operation.filter(pl.col("of") > 0)
        .group_by("region")
        .agg(pl.col("part", "of").sum())
        .sort("region")
    )


AGGREGATES = (
    Aggregate(
        "exact and near duplicates",
        ".898",
        0.80,
        0.92,
        "rivas2024",
        ("adverts",),
        _duplicates,
        "tuned",
        "writing.edits",
        "computed",
        needs=1000,
    ),
    Aggregate(
        "adverts per linked vendor",
        "16.4",
        12,
        22,
        "idtraffickers2023",
        ("adverts",),
        _vendors,
        "tuned",
        "operations.traits.volume",
        "computed",
        note="vendors of five adverts or more, linked by contacts, as there",
    ),
    Aggregate(
        "adverts that are a vendor's",
        ".394",
        0.334,
        0.454,
        "idtraffickers2023",
        ("adverts",),
        lambda v: shares(v.vendors, pl.col("size") >= VENDOR),
        "unused",
        mark="computed",
        needs=1000,
        note="the crawl's extractor missed contacts; ours has them all",
    ),
    Aggregate(
        "different texts, of vendors' adverts",
        ".433",
        0.373,
        0.493,
        "idtraffickers2023",
        ("adverts",),
        _texts_of_vendors,
        "unused",
        mark="computed",
        needs=1000,
    ),
    Aggregate(
        "contact strings per advert",
        "1.87",
        1.5,
        2.2,
        "idtraffickers2023",
        ("adverts",),
        lambda v: means(v.adverts, pl.col("contacts").list.len().cast(pl.Float64)),
        "tuned",
        "contacts.mail",
        "computed",
    ),
    Aggregate(
        "images per advert",
        "2.0",
        1.6,
        2.5,
        "matched2025",
        ("adverts",),
        _images,
        "tuned",
        "images.shown",
        "computed",
    ),
    *(
        Aggregate(
            f"adverts in the {name}",
            f"{published:.3f}".lstrip("0"),
            low,
            high,
            "idtraffickers2023",
            ("adverts",),
            _towns(first),
            "input",
            "places.town_weights",
            "computed",
            needs=4,
        )
        for first, (name, published, low, high) in TOWNS.items()
    ),
    *(
        Aggregate(
            f"{name} missing, jobs",
            f"{published:.3f}".lstrip("0"),
            low,
            high,
            "volodko2020",
            ("adverts",),
            _missing(field),
            "input",
            f"job_fields.{field}",
        )
        for field, (name, published, low, high) in FIELDS.items()
    ),
    Aggregate(
        "half an hour's price, of an hour's",
        ".60-.65",
        0.55,
        0.70,
        "deangelo2019",
        ("adverts",),
        _half_hours,
        "input",
        "prices.half_hour_share",
        "memory",
        needs=20,
        note="operations that state both",
    ),
    Aggregate(
        "prices per hour that are multiples of 50",
        "they heap",
        0.25,
        0.90,
        "deangelo2019",
        ("adverts",),
        _round,
        "tuned",
        "prices.rounding",
        "memory",
        note="no share is published; without heaping it is .02",
    ),
    Aggregate(
        "exploited per writer of adverts",
        "4-6",
        3.5,
        6.5,
        "infoshield2021",
        ("people",),
        _per_writer,
        "input",
        "people.posting",
        needs=20,
    ),
)
