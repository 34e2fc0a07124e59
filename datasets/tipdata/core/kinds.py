"""The words in which operations are described: kinds, families and categories of adverts, languages."""

KINDS = ("trafficking", "business", "independent", "spam")
TRAFFICKING, BUSINESS, INDEPENDENT, SPAM = range(4)
FAMILIES = ("services", "jobs", "intermediary")
CATEGORIES = {
    "companionship": 0,
    "massage": 0,
    "domestic": 1,
    "agricultural": 1,
    "construction": 1,
    "hospitality": 1,
    "office-abroad": 1,
    "modelling": 1,
    "marriage introduction": 2,
    "travel package": 2,
    "medical broker": 2,
}
"""Advert categories and the family whose sentences they use (index into :data:`FAMILIES`)."""
STRATEGIES = ("hunting", "fishing")
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
MAX_TEMPLATES = 4
