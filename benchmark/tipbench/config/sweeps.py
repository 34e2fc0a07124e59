"""Read the values that a sweep (``-m``) gives a key: comma lists, and the sweeps of Hydra's grammar.

``seed=0,1,2``, ``seed=range(3)``, ``baseline.method.c=choice(0.1,1)``, ``split=shuffle(random,forward)`` and
``baseline=glob(advert_risk/*)`` are sweeps; see https://hydra.cc/docs/advanced/override_grammar/extended/.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tipcore.errors import UsageError

from tipbench.config.options import Options, suggestion

if TYPE_CHECKING:
    from tipbench.config.compose import Override

FUNCTION = re.compile(r"(range|choice|shuffle|sort|glob|interval|tag)\(.*\)", re.DOTALL)
"""Values that Hydra reads as a sweep, and that are not comma lists."""


def values_of(override: Override, options: Options) -> list[str]:
    """Return the values of an override: one, or those of a sweep.

    Raises UsageError for a sweep that is malformed, and for a pattern that matches nothing.

    Args:
        override: what was typed.
        options: the names that ``glob(...)`` chooses among.
    """
    if override.is_path or not FUNCTION.fullmatch(override.value.strip()):
        return comma_list(override.value)
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import Glob
    from hydra.errors import HydraException

    typed = f"{override.key}={override.value}"
    try:
        parsed = OverridesParser.create().parse_override(typed)
        if isinstance(found := parsed.value(), Glob):
            return _matched(typed, found.include, found.exclude, list(options.get(override.key, {})))
        return list(map(str, parsed.sweep_string_iterator()))
    except (HydraException, ValueError, TypeError) as error:
        said = " ".join(str(error).splitlines()[0].split()).rstrip(".")
        raise UsageError(
            f"{typed} gives no list of values ({said}): write range(3), choice(a,b) or a,b."
        ) from None


def single_value(override: Override, options: Options) -> Override:
    """Return an override whose sweep gives one value with that value; any other as it is."""
    if override.key.startswith("data.") or not FUNCTION.fullmatch(override.value.strip()):
        return override
    values = values_of(override, options)
    return override._replace(value=values[0]) if len(values) == 1 else override


def _matched(typed: str, include: list[str], exclude: list[str], names: list[str]) -> list[str]:
    found = [
        name
        for name in names
        if any(fnmatchcase(name, one) for one in include)
        and not any(fnmatchcase(name, one) for one in exclude)
    ]
    if not found:
        raise UsageError(f"{typed} matches nothing. {suggestion(include[0] if include else '', names)}")
    return found


def comma_list(value: str) -> list[str]:
    """Return a comma list's parts, split at its top level: brackets, parentheses and quotes keep their commas."""
    parts, depth, quote, escaped = [""], 0, "", False
    for sign in value:
        if quote:
            quote = "" if sign == quote and not escaped else quote
            escaped = sign == "\\" and not escaped
        elif sign in "'\"":
            quote = sign
        depth += (sign in "([{") - (sign in ")]}") if not quote else 0
        if sign == "," and not quote and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
