"""The statement on responsible use that travels with every export: what ``docs/ethics.md`` says, word for word."""

from __future__ import annotations

from tipdata.documents.shipped import ethics

from tipbench.publishing.facts import Facts

SECTIONS = (
    "Intended use",
    "Prohibited use",
    "What an open test cannot show",
    "Harm is measured beside detection",
    "What it leaves out, on purpose",
    "Review and retirement",
    "Report a concern",
)


def statement(facts: Facts) -> str:
    """Return the statement as Markdown."""
    parts = "\n\n".join(f"## {heading}\n{ethics()[heading]}" for heading in SECTIONS)
    return (
        f"# Responsible use of tipbench {facts.name}\n\n"
        "This page belongs to the data: keep it with every copy. The licence (LICENSE-DATA) asks for credit; the "
        f"authors ask for what follows.\n\n{parts}\n"
    )
