"""Every parameter of the world is of a stage, and every stage reads parameters of its own."""

import pytest
from tipdata.core.world import Region, World, makeable_versions, parameters
from tipdata.stages import Past, stages, stages_of


@pytest.mark.parametrize("version", makeable_versions())
def test_every_parameter_is_of_a_stage(version: str) -> None:
    assert [path for path in parameters(version) if not any(stage.owns(path) for stage in stages())] == []


@pytest.mark.parametrize("version", makeable_versions())
def test_every_stage_reads_parameters_of_its_own(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[str] = set()
    known = Region.__getitem__
    monkeypatch.setattr(Region, "__getitem__", lambda self, path: (read.add(path), known(self, path))[1])
    region, past = World.of(version).region(0), Past()
    listed = {path.partition(".")[0] for path in parameters(version)}
    for stage in stages_of(version):
        read.clear()
        past[stage.name], _ = stage.generate(region, past)
        own = {path for path in read if stage.owns(path)}
        assert own, stage.name
        for group in listed.intersection(stage.parameters):
            assert any(f"{path}.".startswith(f"{group}.") for path in read), f"{stage.name}: {group}"


def test_a_group_whose_name_begins_like_another_is_another() -> None:
    [habits] = [stage for stage in stages() if stage.name == "account_habits"]
    assert habits.owns("ties.outreach")
    assert habits.owns("ties.habits.reach")
    assert not habits.owns("ties.outreach_reach")
    assert not habits.owns("ties")
