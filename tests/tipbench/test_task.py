"""What must be true of every task."""

import re
from pathlib import Path

import pytest
import tipbench
from tipbench.data.splits import SPLITS
from tipbench.task import Task
from tipbench.tasks import task_of, tasks
from tipcore.errors import UsageError
from tipdata.stages import all_tables

DOCS = Path(tipbench.__file__).parents[2] / "docs" / "tasks"


@pytest.mark.parametrize("task", tasks().values(), ids=list(tasks()))
def test_a_task_says_everything_that_the_design_asks_of_it(task: Task) -> None:
    assert task.name == tasks()[task.name].name
    assert task.question.endswith("?")
    assert re.fullmatch(r"[a-z_]+", task.name)
    assert task.primary in task.metrics
    assert task.references
    assert task.tier in ("public", "platform", "legal")
    assert set(task.splits) <= set(SPLITS)
    assert set(task.own_splits) <= {"all", "kfold", "given"}
    assert task.labels[0] == next(iter(task.supervise))


def test_titles_are_short_words_of_one_task_each_and_head_its_page() -> None:
    titles = {task.name: task.title for task in tasks().values()}
    assert len(set(titles.values())) == len(titles)
    for name, title in titles.items():
        assert re.fullmatch(r"[A-Z][a-z ]{5,35}", title)
        page = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {title} ({name})\n")


@pytest.mark.parametrize("task", tasks().values(), ids=list(tasks()))
def test_a_task_shows_only_columns_that_exist_and_are_observed(task: Task) -> None:
    for name, columns in task.tables.items():
        tiers = {c.name: c.tier for c in all_tables()[name].columns}
        assert all(tiers[c] in ("public", "platform", "legal") for c in columns)
    assert task.unit in task.tables[task.table]


def test_every_observed_column_of_adverts_is_shown_by_the_tasks_on_risk_and_linkage() -> None:
    observed = {c.name for c in all_tables()["adverts"].columns if c.tier != "truth"}
    for name in ("advert_risk", "advert_linkage"):
        assert set(tasks()[name].tables["adverts"]) == observed


def test_authorship_hides_contacts_images_and_accounts() -> None:
    shown = {c for columns in tasks()["advert_authorship"].tables.values() for c in columns}
    assert not shown & {"contacts", "images", "account"}


def test_a_task_that_does_not_exist_is_answered_by_the_nearest_one_or_by_all() -> None:
    for typed, near in (("advert_linkge", "advert_linkage"), ("prevalance", "prevalence")):
        with pytest.raises(UsageError) as error:
            task_of(typed)
        assert str(error.value) == f'task={typed} does not exist. Did you mean "{near}"?'
    with pytest.raises(UsageError, match=r"Choose one of account_risk, .*supplier_risk\.$"):
        task_of("zzz")
