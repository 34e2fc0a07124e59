"""Published aggregates that no table can be held against, each with the reason."""

from __future__ import annotations

from typing import NamedTuple


class NotModelled(NamedTuple):
    """An aggregate that is not held: what it is, its source ('' for several), and why."""

    what: str
    source: str
    why: str


NOT_MODELLED = (
    NotModelled("images that show a face", "matched2025", "There are no images, only hashes."),
    NotModelled(
        "regions per vendor (2.5)",
        "idtraffickers2023",
        "Regions of the world are independent, and the published number counts vendors that share a number by chance.",
    ),
    NotModelled(
        "fall of 28% before the closure of 2018",
        "wapo2018",
        "A law of that size is in the world, but no table says on which day; a before and after cannot be drawn.",
    ),
    NotModelled(
        "price level (270 dollars an hour) and its rise over 15 years",
        "deangelo2019",
        "Money is XTS, which is worth nothing, and the world lasts two years; only shapes of prices are held.",
    ),
    NotModelled(
        "rate of obfuscated contacts",
        "chambers2019",
        "No population rate is published; the world's is assumed.",
    ),
    NotModelled(
        "towns per advertiser and distances moved",
        "keskin2021",
        "No rate is published; circuits are assumed.",
    ),
    NotModelled(
        "language that suggests youth, photographs, tattoos, an age under 23",
        "nij2024",
        "Left out on purpose: the data hold no cue of age, looks or bodies.",
    ),
    NotModelled(
        "growth of detections between years",
        "unodc2024",
        "The window is two years long and has no such trend.",
    ),
    NotModelled(
        "flows between countries (162 nationalities, 128 destinations)",
        "unodc2024",
        "Places are fictional, and nobody has a nationality.",
    ),
    NotModelled(
        "hunting against fishing",
        "unodc2020",
        "Both strategies are described there, without a share of each.",
    ),
    NotModelled(
        "sexual exploitation of 61%, forced labour of 37%",
        "ctdc2024",
        "The same quantity as in the report of UNODC with another mix of sources; the world follows the latter.",
    ),
    NotModelled(
        "prostitution and pornography, of sexual exploitation",
        "ctdc2024",
        "Left out on purpose, with its wording.",
    ),
    NotModelled(
        "age bands of adults",
        "ctdc2024",
        "Published shares count records without an age; the world's bands are set from their proportions.",
    ),
    NotModelled(
        "missing fields (over 85%)",
        "ctdc2024",
        "Means of control are hidden truth here, and complete; what is observed of a case is the helpline's.",
    ),
    NotModelled(
        "sexual exploitation of 73% of a helpline's cases, of 94% of prosecutions",
        "hti2020",
        "Such shares reflect where a helpline is known and what police look for, as their authors say.",
    ),
    NotModelled(
        "venues of exploitation", "polaris2022", "No table has a venue; categories of adverts are not one."
    ),
    NotModelled(
        "exploited per case (1.7)",
        "polaris2022",
        "A contact here is a person's, not a situation with several.",
    ),
    NotModelled(
        "shares of platforms in recruitment, by court records",
        "hti2020",
        "No brand is in the data, and the authors warn that these reflect policing.",
    ),
    NotModelled(
        "people held in scam compounds (over 100,000 in two countries)",
        "ohchr2023",
        "Absolute numbers of countries have no counterpart in fictional regions.",
    ),
    NotModelled(
        "profits of forced labour (236 billion dollars a year)",
        "ilo2022",
        "Payments are a sample of wallets in a currency that is worth nothing.",
    ),
    NotModelled(
        "twenty red flags and four typologies of payments",
        "fincen2020",
        "They are in the payments as habits; none has a published rate.",
    ),
    NotModelled(
        "annotators who contradict themselves (about 25%)", "", "Nobody rates the same advert twice."
    ),
    NotModelled(
        "prevalence of trafficking among adverts",
        "portnoff2017",
        "No trustworthy one exists; it is 5% here by definition, and scores are given from .1% to 30%.",
    ),
)
