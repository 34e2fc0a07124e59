"""Every parameter of a world file is read when regions are drawn, and one whose name no code knows is refused."""

from typing import Any

import pytest
from tipdata.core.asked import unasked
from tipdata.core.world import Region, World, newest_released, parameters
from tipdata.stages import draw_tables, stages_of

VERSION = newest_released()
OWN = 97
"""A world that no other test draws: what is kept of a world was not looked up for another test before."""
REGIONS = 8
"""Among so many, each case of a region stands: one that loses a site, and one that keeps all."""


class Noted(dict[str, Any]):
    """Parameters that note which of them are looked up."""

    def __init__(self, listed: Any, asked: set[str]) -> None:
        super().__init__(listed)
        self.asked = asked

    def __getitem__(self, path: str) -> Any:
        self.asked.add(path)
        return super().__getitem__(path)


def test_every_parameter_is_read_when_regions_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    noted = Noted(parameters(VERSION), asked)
    monkeypatch.setattr(World, "parameters", property(lambda world: noted))
    for index in range(REGIONS):
        draw_tables(World.of(VERSION, OWN).region(index), [stage.name for stage in stages_of(VERSION)])
        if asked >= parameters(VERSION).keys():
            break
    assert not sorted(parameters(VERSION).keys() - asked)


def test_a_name_that_no_code_knows_is_told() -> None:
    listed = dict(parameters(VERSION))
    assert not list(unasked(listed))
    entry = {"value": 3}
    planted = {"schedule.generatoins": entry, "nowhere.days": entry, "payments.collect.levels.raeson": entry}
    assert list(unasked({**listed, **planted})) == list(planted)


def test_a_name_that_is_not_in_the_file_is_told_in_a_sentence() -> None:
    region = Region(World.of(VERSION), 0)
    with pytest.raises(
        KeyError, match=r"world-0\.4\.0\.yaml: there is no parameter places\.twons, .*: add it"
    ):
        _ = region["places.twons"]
