"""Which parameters of the world a user's own table can inform, and by which column: declared here and nowhere else.

None concerns children: their counts are nobody's to fit from rows of individuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

YEAR = 365

How = Literal["weights", "listed", "rate", "rates", "mean", "medians"]
WAYS: dict[str, str] = {
    "weights": "weight of each name: a column with these names",
    "listed": "weight of each place in a list: a column of numbers from 0, or of a quantity that is cut",
    "rate": "a probability: a column of yes and no",
    "rates": "a probability by name: a column of yes and no, and `by` with these names",
    "mean": "a mean: a column of numbers within `bounds`",
    "medians": "a median by name: a column of numbers within `bounds`, and `by` with these names",
}
"""What is fitted of each kind of parameter, and what informs it."""


@dataclass(frozen=True)
class Informed:
    """A parameter that a table can inform.

    ``path``: in the world file. ``how``: one of :data:`WAYS`. ``column``: what the column, or expression, holds.
    ``by``: what the column holds that gives the names. ``cuts``: where a quantity is cut into the places of a list;
    a place holds what is below its cut.
    """

    path: str
    how: How
    column: str
    by: str = ""
    cuts: tuple[float, ...] = ()


KIND, FORM = "kind of the operation", "form of exploitation"
CATEGORY = "category of the advert or of the work"
FORMS = ("labour", "sexual", "forced_criminality", "marriage", "organs", "sex_tourism", "domestic_servitude")

INFORMED: dict[str, Informed] = {
    one.path: one
    for one in (
        Informed("operations.form", "weights", f"{FORM}, of trafficking operations or cases"),
        Informed("operations.organisation", "weights", "how those behind a trafficking case are organised"),
        Informed("operations.lawful_organisation", "weights", "how a lawful operation is organised"),
        *(
            Informed(f"operations.category.{form}", "weights", f"{CATEGORY}, where the form is {form}")
            for form in FORMS
            if form != "organs"  # a single category
        ),
        *(
            Informed(f"operations.category.{kind}", "weights", f"{CATEGORY}, where the kind is {kind}")
            for kind in ("business", "independent", "spam")
        ),
        Informed("operations.languages", "weights", "language of the advert or operation"),
        Informed("operations.hunting", "rate", "whether they approach people rather than advertise to them"),
        Informed("operations.cross_border", "rates", "whether it works in more than one jurisdiction", KIND),
        Informed("operations.investigated", "rates", "whether it was investigated", KIND),
        Informed("operations.duration_days", "mean", "days from its first to its last advert"),
        Informed("operations.investigation_days", "mean", "days from its first advert to a definite finding"),
        *(
            Informed(f"platforms.by_family.{family}", "weights", f"kind of site, of adverts of {what}")
            for family, what in (
                ("services", "services"),
                ("jobs", "work"),
                ("intermediary", "intermediaries"),
            )
        ),
        Informed(
            "prices.base", "medians", "price in whole XTS, for the usual spell of its category", CATEGORY
        ),
        Informed("prices.missing", "rates", "whether the advert states no price", "family of the category"),
        *(
            Informed(f"job_fields.{field}", "rate", f"whether a job advert tells of {what}")
            for field, what in (
                ("wage_deductions", "deductions from wages"),
                ("transport", "transport"),
                ("accommodation", "accommodation"),
                ("help_settling", "help with settling"),
                ("transfer_support", "support with a transfer"),
                ("experience", "experience"),
            )
        ),
        Informed(
            "schedule.weekday_weights", "listed", "day of the week of an advert, 0 for Monday to 6 for Sunday"
        ),
        Informed("contacts.messenger", "rate", "whether the contact is of a messaging app"),
        Informed("contacts.mail", "rate", "whether the contact is a mail address"),
        Informed("accounts.app", "rate", "whether the account is used from an app"),
        Informed("accounts.verified", "rates", "whether the account is verified", KIND),
        Informed("people.age_bands.exploited", "weights", "age band of an adult who was exploited"),
        Informed("people.women", "rates", "whether the adult who was exploited is a woman", FORM),
        *(
            Informed(
                f"people.relation.{form}", "weights", f"who recruited the adult, where the form is {what}"
            )
            for form, what in (
                ("labour", "labour, servitude or forced criminality"),
                ("marriage", "marriage"),
                ("organs", "organs"),
                ("other", "any other"),
            )
        ),
        *(
            Informed(
                f"people.duration.{form}",
                "listed",
                f"days that an adult was exploited, where the form is {what}",
                cuts=(YEAR, 2 * YEAR),
            )
            for form, what in (("labour", "labour, servitude or forced criminality"), ("other", "any other"))
        ),
        Informed("people.exit", "weights", "how the adult came away"),
        Informed("trips.purpose", "weights", "purpose of a lawful traveller's journey"),
    )
}
"""Every parameter that can be calibrated, by path."""
