"""How many published indicators an advert shows: what an analyst with a checklist would do. Untrained.

Phrases stand in ``indicators.yaml``, by indicator and language; three more indicators need no language: a contact that
is advertised in several towns, a contact that is used for several offers, and a price far below its category's
median. A score is the share of the list that is shown. After UNODC's indicators, the ILO's (2012) and Giommoni and
Ikwu (2021); a count is a reason to look at an advert, nothing more. Needs the text; uses language, contacts, town,
category and price where they are there. Cost: seconds for 100,000 adverts.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
from tipbench.data.fold import Fold

from tipbaselines.frames import Untrained, score_frame, to_predict
from tipbaselines.text import texts


@cache
def indicators() -> dict[str, dict[str, list[str]]]:
    """Return phrases by indicator and language code."""
    import yaml

    return yaml.safe_load(Path(__file__).with_name("indicators.yaml").read_text(encoding="utf-8"))


@dataclass(eq=False)
class IndicatorCount(Untrained):
    """``towns`` and ``offers``: so many for one contact are an indicator; ``cheap``: so is this share of the median."""

    towns: int = 3
    offers: int = 2
    cheap: float = 0.6
    entry_class = "worlds"  # phrases of published indicators in six languages
    needs = frozenset({"adverts.body"})

    def predict(self, fold: Fold) -> pl.DataFrame:
        frame = to_predict(fold)
        shown = pl.DataFrame([*self._phrases(frame), *self._records(frame, fold.task.unit)])
        return score_frame(frame[fold.task.unit], shown.mean_horizontal().to_numpy())

    def _phrases(self, frame: pl.DataFrame) -> list[pl.Series]:
        """Return 0/1 series an indicator: whether a phrase of it in the advert's language (else in any) occurs."""
        listed, text = indicators(), pl.Series("text", texts(frame), dtype=pl.String)
        language = pl.col("language") if "language" in frame.columns else pl.lit(None)
        known = language.cast(pl.String).is_in(list(set().union(*listed.values())))
        rows = frame.select(text, pl.when(known).then(language.cast(pl.String)).alias("language"))
        apart = rows.unique(maintain_order=True).with_columns(lowered=pl.col("text").str.to_lowercase())
        parts = [(apart.clear(), None)]
        parts += [(part, part["language"][0]) for part in apart.partition_by("language")]
        said = pl.concat(_phrase_columns(part, code) for part, code in parts)
        found = rows.join(said, on=["text", "language"], how="left", nulls_equal=True, maintain_order="left")
        return found.drop("text", "language").get_columns()

    def _records(self, frame: pl.DataFrame, unit: str) -> list[pl.Series]:
        """Return 0/1 series of the indicators that need no language; those whose columns are missing are left out."""
        has, found = set(frame.columns), []
        for column, least in (("town", self.towns), ("category", self.offers)):
            if {"contacts", column} <= has:
                found.append(_contact_spread(frame, unit, column, least))
        if {"price", "category"} <= has:
            group = [name for name in ("category", "price_basis") if name in has]
            low = pl.col("price") < self.cheap * pl.col("price").median().over(group)
            found.append(frame.select(low.fill_null(False).cast(pl.Float64).alias("cheap"))["cheap"])
        return found


def _phrase_columns(rows: pl.DataFrame, language: str | None) -> pl.DataFrame:
    """Return [text, language] of rows of one language (None for one without a list), and for each indicator 1 where the
    lowered text has one of its phrases, else 0."""
    said = {}
    for name, by_language in indicators().items():
        every = [phrase for phrases in by_language.values() for phrase in phrases]
        phrases = map(pl.escape_regex, by_language.get(language or "", every))
        # One pattern is quicker than contains_any, up to 14 times.
        said[name] = pl.col("lowered").str.contains("|".join(phrases)).cast(pl.Float64)
    return rows.select("text", "language", **said)


def _contact_spread(frame: pl.DataFrame, unit: str, column: str, least: int) -> pl.Series:
    """Return 1 where one of the advert's contacts appears with ``least`` different values of ``column``, else 0."""
    place = ["region", column] if "region" in frame.columns else [column]
    listed = frame.select(unit, "contacts", *place).explode("contacts", empty_as_null=True)
    pairs = listed.drop_nulls("contacts")
    spread = pairs.group_by("contacts").agg((pl.struct(place).n_unique() >= least).alias("wide"))
    wide = pairs.join(spread, on="contacts").group_by(unit).agg(pl.col("wide").any())
    joined = frame.select(unit).join(wide, on=unit, how="left", maintain_order="left")
    return joined["wide"].fill_null(False).cast(pl.Float64).alias(f"several_{column}")
