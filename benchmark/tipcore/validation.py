"""What a value must be, in plain words, where pydantic refuses it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from tipcore.display import printable

TYPES = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
}
BOUNDS = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}
OF_TYPE = re.compile(rf"({'|'.join(TYPES)})_(?:type|parsing|parsing_size|from_float)")
LONGEST = 40
"""Signs of a refused value that are shown."""
OUT_OF_BOUNDS = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def requirement(error: Mapping[str, Any], model: Any = None, show: bool = False) -> str:
    """Return what a refused value must be: its type, bounds or choices, or else what pydantic says of it.

    ``error``: one of ``ValidationError.errors()``. ``model``: what was validated, to name all bounds of a number.
    ``show``: also say what was given.
    """
    given = f", not {printable(str(error['input']))[:LONGEST]}" if show else ""
    if error["type"] == "literal_error":
        return f"it must be {error['ctx']['expected']}{given}"
    of_type = OF_TYPE.fullmatch(error["type"])
    if of_type is None and error["type"] not in OUT_OF_BOUNDS:
        said = str(error["msg"]).rstrip(".")
        return f"{said[:1].lower()}{said[1:]}"
    declared = _metadata(model, error["loc"])
    limits = {key: getattr(one, key) for one in declared for key in BOUNDS if hasattr(one, key)}
    limits = limits or {key: value for key, value in error.get("ctx", {}).items() if key in BOUNDS}
    whole = {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in limits.items()}
    bounds = " and ".join(text.format(whole[key]) for key, text in BOUNDS.items() if key in whole)
    return "it must be " + ", ".join(filter(None, [of_type and TYPES[of_type[1]], bounds])) + given


def _metadata(model: Any, place: Sequence[Any]) -> Sequence[Any]:
    """Return the constraints of the field at a place, none where no field is there, as of an item of a list."""
    field = None
    for part in place:
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return ()
        kinds = (field.annotation, *get_args(field.annotation))
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    return () if field is None else field.metadata
