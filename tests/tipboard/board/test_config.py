from collections.abc import Callable
from pathlib import Path

import pytest
from tipboard.board.config import CONFIG, read_config
from tipcore.errors import UsageError


def test_without_a_file_nothing_is_declared(tmp_path: Path) -> None:
    config = read_config(tmp_path)
    assert (config.predictions, config.site.repository, config.site.address) == ("predictions", "", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("site: {repository: 'http://code.example'}", "site.repository: give an https address or nothing"),
        ("site: {address: 'javascript:alert(1)'}", "site.address: give an https address or nothing"),
        ("site: {documents: 'https://a.example/\"onclick'}", "site.documents: give an https address"),
        ("site: {documentation: 'javascript:alert(1)'}", "site.documentation: give an https address, a path"),
        ("site: {documentation: //elsewhere.example}", "site.documentation: give an https address, a path"),
        ("site: {repo: ''}", "site.repo"),
        ("sites: {}", "sites"),
        ("- a list", "the file"),
        ("site: [", "not a config of a board"),
    ],
)
def test_a_config_that_is_none_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / CONFIG).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_config(tmp_path)
    said = str(refused.value)
    assert told in said
    assert len(said.splitlines()) == 1


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    fifo(tmp_path / CONFIG)
    with pytest.raises(UsageError, match="it is not a regular file"):
        read_config(tmp_path)
