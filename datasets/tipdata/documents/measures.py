"""Measures of published aggregates: functions of a release, which ``aggregates.yaml`` calls by name with arguments.

A measure returns one row per region that can tell, with sums: usually ``part`` and ``of``. Conditions and values are
SQL expressions over the columns of a table or of a frame of :class:`ReleaseView`. One of :data:`FORMULAS` makes the
value of an aggregate from sums over regions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray
from tipcore.units import shared_value_components

from tipdata.core.kinds import CATEGORIES, FAMILIES
from tipdata.core.world import MINUTES_A_DAY, profile
from tipdata.release import Release
from tipdata.stages import tables_of
from tipdata.stages.annotations import POSITIVE
from tipdata.text.facts import count_indicators

WEIGHT_UNIT = 1e6
"""Of ``operations.weight``: it is in millionths."""
LISTS = ("police", "border", "labour_inspectorate", "shelter", "hotline", "platform")
JOB_FIELDS = (
    "wage_deductions",
    "transport",
    "accommodation",
    "help_settling",
    "transfer_support",
    "experience",
)
ADVERT_FIELDS = (
    "advert",
    "operation",
    "category",
    "price",
    "price_basis",
    "facts",
    "minute",
    "platform",
    "town",
)
FEWEST_WORDS = 40
"""Of adverts whose indicators are counted: published counts are of full adverts, not of re-posts of a line."""
ALERT_SHARE, ALERT_AMOUNT = 0.8, 50_000
"""An alert: a payment of this many minor units or more, and of this share or more of what came in within a day."""
LAWFUL = ("business", "independent")
BEFORE = 56
"""Days before a closure that later volumes are compared with."""
SERVICE_SITES = ("classifieds", "adult", "social", "messaging", "darknet")
"""Kinds of sites that carry services."""
TRAFFICKING_SHARE = 0.33
"""Share of adverts of trafficking operations in the sample of raters that was published."""

Sums = Mapping[str, NDArray[np.float64]]
"""Sums by name, each over some regions, one entry per set of regions."""


class ReleaseView:
    """Tables of a release, and frames made of them once.

    ``weight`` is how many rows a row stands for: the weight of its operation, and 1 but in a size with a profile.
    """

    def __init__(self, source: Release) -> None:
        self.source = source
        self._known = tables_of(source.version)

    def frame(self, name: str, *expressions: pl.Expr) -> pl.DataFrame:
        """Return a frame of this class, or the columns of a table that expressions need, with region and weight."""
        if isinstance(getattr(type(self), name, None), cached_property):
            return getattr(self, name)
        columns = [column for one in expressions for column in one.meta.root_names()]
        return self.rows(name, *(column for column in columns if column != "weight"))

    def rows(self, table: str, *columns: str) -> pl.DataFrame:
        """Return ``[region, *columns, weight]`` of a table, observed and hidden columns alike."""
        known = self._known[table]
        wanted = list(dict.fromkeys(("region", *columns)))
        weighed = bool(profile(self.source.version, self.source.size)) and "operation" in known.schema
        read_too = [*wanted, *(["operation"] if weighed and "operation" not in wanted else [])]
        hidden = any(known[name].tier == "truth" for name in read_too)
        rows = self.source.scan(table, truth=hidden or known.hidden_only).select(read_too)
        if not weighed:
            return rows.with_columns(weight=pl.lit(1.0)).collect()
        weight = pl.col("weight") / WEIGHT_UNIT
        weights = self.source.scan("operations", truth=True).select("operation", weight=weight)
        joined = rows.join(weights, on="operation", how="left", maintain_order="left")
        return joined.select(*wanted, weight=pl.col("weight").fill_null(1.0)).collect()

    @cached_property
    def adverts(self) -> pl.DataFrame:
        """Adverts with the kind of their operation, the family of their category, ``text``, a hash of the body, and
        ``words``, how many it has."""
        kinds = self.rows("operations", "operation", "kind").select("operation", "kind")
        families = {name: FAMILIES[number] for name, number in CATEGORIES.items()}
        more = ("contacts", "near_duplicate_group", "images", *JOB_FIELDS, "body")
        family = pl.col("category").replace_strict(families)
        rows = self.rows("adverts", *ADVERT_FIELDS, *more).with_columns(
            text=pl.col("body").hash(), words=pl.col("body").str.count_matches(r"\p{L}{2,}"), family=family
        )
        return rows.drop("body").join(kinds, on="operation", how="left", maintain_order="left")

    def _of_family(self, family: str) -> pl.DataFrame:
        """Return the adverts of a family, with ``indicators``, how many each of 40 words or more shows, else null."""
        rows = self.adverts.filter(pl.col("family") == family)
        shown = count_indicators(family, rows["facts"])
        return rows.with_columns(indicators=pl.when(pl.col("words") >= FEWEST_WORDS).then(shown))

    @cached_property
    def services(self) -> pl.DataFrame:
        """Adverts of services, with ``indicators``."""
        return self._of_family("services")

    @cached_property
    def jobs(self) -> pl.DataFrame:
        """Adverts of jobs, with ``indicators``."""
        return self._of_family("jobs")

    @cached_property
    def vendors(self) -> pl.DataFrame:
        """Adverts with ``component``, the vendor that shared contacts make, and ``size``, how many adverts it has."""
        found = shared_value_components(self.adverts, "advert", "contacts")
        joined = self.adverts.join(found, on="advert", maintain_order="left")
        return joined.with_columns(size=pl.len().over("component"))

    @cached_property
    def closures(self) -> pl.DataFrame:
        """``[region, closed_site, closed_kind, closed]`` of the regions in which a site closes."""
        sites = self.rows("platforms", "platform", "kind", "closed").drop_nulls("closed")
        return sites.select("region", closed_site="platform", closed_kind="kind", closed="closed")

    @cached_property
    def market(self) -> pl.DataFrame:
        """Daily adverts per site of regions in which a site closes, with ``after``, days since then."""
        kinds = self.rows("platforms", "platform", "kind").drop("weight")
        rows = self.rows("market", "platform", "day", "adverts").drop_nulls("platform")
        closed = rows.join(self.closures, on="region", maintain_order="left")
        joined = closed.join(kinds, on=["region", "platform"], maintain_order="left")
        return joined.with_columns(after=pl.col("day") - pl.col("closed"))

    @cached_property
    def exploited(self) -> pl.DataFrame:
        """Adults exploited, with form and category of their operation."""
        operations = self.rows("operations", "operation", "form", "category").drop("region", "weight")
        columns = ("operation", "role", "sex", "recruiter_relation", "means_of_control", "from_day", "to_day")
        people = self.rows("people", *columns).filter(pl.col("role") == "exploited")
        return people.join(operations, on="operation", how="left", maintain_order="left")

    @cached_property
    def case_lists(self) -> pl.DataFrame:
        """People on lists by sex, weighted by their count, with ``lists``, on how many they are."""
        rows = self.rows("case_lists", *LISTS, "sex", "count")
        return rows.with_columns(weight=pl.col("count").cast(pl.Float64), lists=pl.sum_horizontal(LISTS))

    @cached_property
    def child_counts(self) -> pl.DataFrame:
        """Children by sex and form, weighted by their count."""
        rows = self.rows("child_counts", "sex", "form", "count")
        return rows.with_columns(weight=pl.col("count").cast(pl.Float64))

    @cached_property
    def alerts(self) -> pl.DataFrame:
        """Payments that pass on at least 80% of what came into the wallet in the day before, of 500 XTS and more.

        This is the published red flag of money that is withdrawn or sent on at once.
        """
        columns = ("payment", "operation", "minute", "payer", "payee", "amount", "typology")
        payments = self.rows("payments", *columns)
        came = payments.select("region", "minute", wallet="payee", came="amount", amount=pl.lit(0))
        went = payments.with_columns(wallet="payer", came=pl.lit(0, pl.Int64))
        recent = pl.col("came").rolling_sum_by("minute", f"{MINUTES_A_DAY}i").over("wallet")
        both = pl.concat([came, went], how="diagonal_relaxed").sort("wallet", "minute")
        amount, total = pl.col("amount"), pl.col("recent")
        large = amount >= ALERT_AMOUNT, total > 0, amount >= ALERT_SHARE * total, amount <= total
        return both.with_columns(recent=recent).filter(pl.col("payment").is_not_null(), *large)


def by_region(rows: pl.DataFrame, **sums: pl.Expr) -> pl.DataFrame:
    """Return sums of the rows of each region."""
    return rows.group_by("region").agg(**sums).sort("region")


def weigh(condition: pl.Expr) -> pl.Expr:
    """Return the weight of the rows that meet a condition."""
    return pl.col("weight").filter(condition).sum()


def sum_means(rows: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """Return per region the weighted sum of a value (``part``) and the weight of the rows that have one (``of``)."""
    there, weight = value.is_not_null(), pl.col("weight")
    return by_region(rows, part=(value * weight).filter(there).sum(), of=weight.filter(there).sum())


def mean(view: ReleaseView, table: str, value: str, among: str = "TRUE") -> pl.DataFrame:
    """Weighted mean of a value over the rows that meet a condition. A mean of a condition is a share."""
    made, condition = pl.sql_expr(value), pl.sql_expr(among)
    return sum_means(view.frame(table, made, condition).filter(condition), made.cast(pl.Float64))


def counts(view: ReleaseView, table: str, part: str, of: str, among: str = "TRUE") -> pl.DataFrame:
    """Two SQL aggregates per region over the rows that meet a condition."""
    sums = {"part": pl.sql_expr(part), "of": pl.sql_expr(of)}
    condition = pl.sql_expr(among)
    rows = view.frame(table, *sums.values(), condition).filter(condition)
    return by_region(rows, **{name: one.cast(pl.Float64) for name, one in sums.items()})


def ratio(view: ReleaseView, table: str, part: str, of: str, each: str | None = None) -> pl.DataFrame:
    """Weight of the rows that meet one condition and of those that meet another.

    ``each``: a column; only its values with rows of the second kind count.
    """
    conditions = {"part": pl.sql_expr(part), "of": pl.sql_expr(of)}
    rows = view.frame(table, *conditions.values(), *([pl.col(each)] if each else []))
    sums = {name: weigh(one) for name, one in conditions.items()}
    if each is None:
        return by_region(rows, **sums)
    grouped = rows.group_by("region", each, maintain_order=True).agg(**sums).filter(pl.col("of") > 0)
    return by_region(grouped, part=pl.col("part").sum(), of=pl.col("of").sum())


def largest_towns(view: ReleaseView, first: int) -> pl.DataFrame:
    """Share of adverts in the ``first`` largest towns, per region."""
    weights = view.adverts.group_by("region", "town").agg(pl.col("weight").sum())
    share = weights.with_columns(pl.col("weight") / pl.col("weight").sum().over("region"))
    largest = pl.col("weight").sort(descending=True).head(first).sum()
    return by_region(share, part=largest, of=pl.lit(1.0))


def half_hour_prices(view: ReleaseView) -> pl.DataFrame:
    """Median price of half an hour over that of an hour, of operations that state both."""
    price, basis = pl.col("price"), pl.col("price_basis")
    medians = {name: price.filter(basis == name).median() for name in ("half_hour", "hour")}
    both = view.services.group_by("region", "operation").agg(**medians).drop_nulls()
    return sum_means(both.with_columns(weight=pl.lit(1.0)), pl.col("half_hour") / pl.col("hour"))


def levels_by_kind(view: ReleaseView, levels: Sequence[str]) -> pl.DataFrame:
    """How often services adverts state one of some levels: of trafficking, and of lawful operations (``base_``).

    Each operation counts once, by the share of its adverts: a few post a hundred of the same words.
    """
    states = pl.col("facts").list.set_intersection(list(levels)).list.len() > 0
    grouped = view.services.group_by("region", "operation", maintain_order=True)
    operations = grouped.agg(states.mean().alias("states"), pl.first("kind", "weight"))
    stated = pl.col("states") * pl.col("weight")
    trafficking, lawful = pl.col("kind") == "trafficking", pl.col("kind").is_in(LAWFUL)
    sums = {"part": stated.filter(trafficking).sum(), "of": weigh(trafficking)}
    base = {"base_part": stated.filter(lawful).sum(), "base_of": weigh(lawful)}
    return by_region(operations, **sums, **base)


def services_after_closure(view: ReleaseView) -> pl.DataFrame:
    """Services adverts a week in the fourth and fifth week after an adult site's closure, less those before it."""
    closed = view.closures.filter(pl.col("closed_kind") == "adult")
    rows = view.services.join(closed, on="region", maintain_order="left")
    week = (pl.col("minute") // MINUTES_A_DAY - pl.col("closed")).floordiv(7)
    earlier, later = weigh(week.is_between(-8, -1)) / 8, weigh(week.is_between(3, 4)) / 2
    return by_region(rows, part=later - earlier, of=earlier)


def volume_after_closure(
    view: ReleaseView, days: tuple[int, int], services: bool = False, change: bool = False
) -> pl.DataFrame:
    """Adverts a day in some days after a closure (``part``) and before it (``of``).

    Args:
        view: the release.
        days: the first and the last day after the closure.
        services: only of sites that carry services.
        change: the difference to the days before as ``part``.
    """
    rows = view.market.filter(pl.col("kind").is_in(SERVICE_SITES)) if services else view.market
    first, last = days
    adverts, after = pl.col("adverts"), pl.col("after")
    later = adverts.filter(after.is_between(first, last)).sum() / (last - first + 1)
    earlier = adverts.filter(after.is_between(-BEFORE, -1)).sum() / BEFORE
    return by_region(rows, part=later - earlier if change else later, of=earlier)


def share_displaced(view: ReleaseView, first: int, sites: Sequence[str]) -> pl.DataFrame:
    """Share of a closed site's adverts that a successor takes, in the window that begins ``first`` days later."""
    kinds = view.rows("platforms", "platform", "kind").select("region", "platform", site="kind")
    effects = view.rows("effects", "outcome", "platform", "day", "first_day", "truth")
    shares = effects.filter(pl.col("outcome") == "displaced_share")
    joined = shares.join(kinds, on=["region", "platform"], how="left", maintain_order="left")
    rows = joined.filter(pl.col("site").is_in(sites), pl.col("first_day") - pl.col("day") == first)
    return sum_means(rows, pl.col("truth") / 1000)


def largest_site_share(view: ReleaseView, days: tuple[int, int]) -> pl.DataFrame:
    """Share of the largest of the sites that carry services, in some days after a closure."""
    after = view.market.filter(pl.col("after").is_between(*days), pl.col("kind").is_in(SERVICE_SITES))
    adverts = pl.col("adverts")
    sites = after.group_by("region", "platform").agg(adverts.sum())
    return by_region(sites, part=adverts.max() / adverts.sum(), of=pl.lit(1.0))


def spam_after_closure(view: ReleaseView) -> pl.DataFrame:
    """Spam and all services adverts in the four weeks after a closure, and in the eight before (``base_``)."""
    rows = view.services.join(view.closures, on="region", maintain_order="left")
    after = pl.col("minute") // MINUTES_A_DAY - pl.col("closed")
    later, earlier, spam = after.is_between(0, 27), after.is_between(-BEFORE, -1), pl.col("kind") == "spam"
    sums = {"part": later & spam, "of": later, "base_part": earlier & spam, "base_of": earlier}
    return by_region(rows, **{name: weigh(one) for name, one in sums.items()})


def children(view: ReleaseView) -> pl.DataFrame:
    """Children, of all people detected."""
    counted = view.child_counts.group_by("region").agg(part=pl.col("count").sum())
    adults = view.rows("populations", "observed").select("region", "observed")
    joined = counted.join(adults, on="region", maintain_order="left").sort("region")
    part, adult = pl.col("part"), pl.col("observed")
    return joined.select("region", part=part.cast(pl.Float64), of=(part + adult).cast(pl.Float64))


def contacts_of_signals(view: ReleaseView, among: str, once: str | None = None) -> pl.DataFrame:
    """Contacts that meet a condition, of all signals in the weeks that are documented.

    ``once``: a column; each of its values counts once.
    """
    contacts = view.rows("contacts", "operation", "minute", "person", "kind", "caller_relation")
    contacts = contacts.with_columns(week=pl.col("minute") // MINUTES_A_DAY // 7)
    weeks = contacts.select("region", pl.col("week").cast(pl.Int64)).unique()
    market = view.rows("market", "day", "contacts").with_columns(week=(pl.col("day") // 7).cast(pl.Int64))
    documented = market.join(weeks, on=["region", "week"], how="semi", maintain_order="left")
    signals = documented.group_by("region").agg(of=pl.col("contacts").sum().cast(pl.Float64))
    rows = contacts.filter(pl.sql_expr(among))
    rows = rows.unique(["region", once], maintain_order=True) if once else rows
    counted = rows.group_by("region").agg(part=pl.col("weight").sum())
    return signals.join(counted, on="region", how="left", maintain_order="left").fill_null(0).sort("region")


def disjoint_lists(view: ReleaseView) -> pl.DataFrame:
    """Share of the pairs of lists without a common member, per region."""
    pairs = [(pl.col(one) & pl.col(other)).any() for one, other in combinations(LISTS, 2)]
    meet = pl.mean_horizontal(pair.cast(pl.Float64).alias(str(n)) for n, pair in enumerate(pairs))
    return by_region(view.case_lists, part=1 - meet, of=pl.lit(1.0))


def rater_agreement(view: ReleaseView) -> pl.DataFrame:
    """Positive ratings, positive means of two, and both together, by whether the operation is of trafficking."""
    score = pl.col("score")
    rated = {"first": score.first(), "second": score.last(), "both": score.mean()}
    pairs = view.rows("annotations", "advert", "rater", "score").sort("advert", "rater")
    grouped = pairs.group_by("advert", maintain_order=True)
    ratings = grouped.agg(**{name: one >= POSITIVE for name, one in rated.items()})
    adverts = view.adverts.select("region", "advert", "weight", there=pl.col("kind") == "trafficking")
    rows = adverts.join(ratings, on="advert", maintain_order="left")
    first, second, both = (pl.col(name) for name in rated)
    sums = {
        "all": pl.lit(1.0),
        "rated": first.cast(pl.Float64) + second,
        "agreed": both.cast(pl.Float64),
        "right": (first & both).cast(pl.Float64) + (second & both),
    }
    made = {
        f"{name}_{there}".lower(): (count * pl.col("weight")).filter(pl.col("there") == there).sum()
        for name, count in sums.items()
        for there in (True, False)
    }
    return by_region(rows, **made)


def quotient(sums: Sums) -> NDArray[np.float64]:
    """Return ``part`` over ``of``."""
    return sums["part"] / sums["of"]


def quotient_of_shares(sums: Sums) -> NDArray[np.float64]:
    """Return the share ``part`` of ``of`` over the share ``base_part`` of ``base_of``."""
    return (sums["part"] / sums["of"]) / (sums["base_part"] / sums["base_of"])


def rater_f1(sums: Sums) -> NDArray[np.float64]:
    """Return F1 of a rater against the consensus, mean of two, on a sample with a third of trafficking."""

    def sample_mean(name: str) -> NDArray[np.float64]:
        there, elsewhere = (sums[f"{name}_{x}"] / sums[f"all_{x}"] for x in ("true", "false"))
        return TRAFFICKING_SHARE * there + (1 - TRAFFICKING_SHARE) * elsewhere

    rated, agreed, right = sample_mean("rated") / 2, sample_mean("agreed"), sample_mean("right") / 2
    return 2 * right / (rated + agreed)


_LISTED = (
    *(mean, counts, ratio, largest_towns, half_hour_prices, levels_by_kind, services_after_closure),
    *(volume_after_closure, share_displaced, largest_site_share, spam_after_closure, children),
    *(contacts_of_signals, disjoint_lists, rater_agreement),
)
MEASURES: dict[str, Callable[..., pl.DataFrame]] = {one.__name__: one for one in _LISTED}
FORMULAS: dict[str, Callable[[Sums], NDArray[np.float64]]] = {
    one.__name__: one for one in (quotient, quotient_of_shares, rater_f1)
}
