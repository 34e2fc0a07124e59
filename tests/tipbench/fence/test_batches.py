"""A method behind the fence can be asked by batches of regions too, of the test and of valid."""

from collections.abc import Callable

import pytest
from tipbench.data.fold import Prepared
from tipbench.fence.method import FencedMethod
from tipbench.method import in_batches
from tipbench.runs.predicting import predicted_by_regions

Put = Callable[..., FencedMethod]


@pytest.mark.parametrize("part", ["test", "valid"])
def test_batches_behind_the_fence_are_of_their_regions_and_part(
    put: Put, fenced: Prepared, part: str
) -> None:
    method, fold = put("Lengths"), fenced.folds[0]
    assert in_batches(method)
    method.fit(fold, 0)
    asked = fold if part == "test" else fold.with_valid_as_test()
    whole = method.predict(asked)
    assert whole["advert"].to_list() == asked.to_predict().collect()["advert"].to_list()
    batch, most = next(asked.by_regions(1)), method._bounds_of(asked, asked).size
    assert method._bounds_of(batch, asked).size < most / 2  # all batches together are held to the bound
    assert predicted_by_regions(method, asked, most=3).sort("advert").equals(whole.sort("advert"))
    shown = [batch.tables["adverts"].collect().height for batch in asked.by_regions(3)]
    assert method.notes == [str(fold.tables["adverts"].collect().height), *map(str, shown)]


def test_a_method_that_does_not_say_so_is_not_asked_by_batches(put: Put) -> None:
    assert not in_batches(put("Attack", what="truth_anywhere"))
