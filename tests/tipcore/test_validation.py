"""What a refused value must be is said in plain words."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError
from tipcore.validation import requirement


class Inner(BaseModel):
    share: float = Field(gt=0, le=1)


class Outer(BaseModel):
    seed: int = Field(default=0, ge=0, lt=10)
    name: str = ""
    strict: bool = False
    mode: Literal["fast", "exact"] = "fast"
    inner: Inner | None = None
    seeds: list[Annotated[int, Field(ge=0)]] = []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"seed": "x"}, "it must be a whole number, 0 or more and less than 10"),
        ({"seed": 1.5}, "it must be a whole number, 0 or more and less than 10"),
        ({"seed": "9" * 5000}, "it must be a whole number, 0 or more and less than 10"),
        ({"seed": 10}, "it must be 0 or more and less than 10"),
        ({"name": 1}, "it must be text"),
        ({"strict": "maybe"}, "it must be true or false"),
        ({"mode": "slow"}, "it must be 'fast' or 'exact'"),
        ({"inner": {"share": "all"}}, "it must be a number, more than 0 and 1 or less"),
        ({"inner": {}}, "field required"),
        ({"seeds": 1}, "it must be a list"),
        ({"seeds": ["x"]}, "it must be a whole number"),
        ({"seeds": [-1]}, "it must be 0 or more"),
    ],
)
def test_a_refused_value_is_told_what_it_must_be(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(given)
    (error,) = refused.value.errors()
    assert requirement(error, Outer) == says


def test_a_value_that_is_shown_is_short_and_harmless() -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate({"seed": "\x1b[2J" + "x" * 100})
    said = requirement(refused.value.errors()[0], show=True)
    assert said == "it must be a whole number, not \\x1b[2J" + "x" * 33
