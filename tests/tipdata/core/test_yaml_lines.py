"""YAML is read with its lines, as any reader reads it, and refused where it says something twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from tipdata.core.world import FOLDER
from tipdata.core.yaml_lines import LOADER, LineText, line_of, read_yaml_lines, strip_lines


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_file_reads_as_any_reader_of_yaml_reads_it(path: Path) -> None:
    expected = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    assert repr(strip_lines(read_yaml_lines(path))) == repr(expected)


def test_strings_keys_and_entries_know_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: b\nc:\n  - 1\n  - null\n  - d\n", encoding="utf-8")
    made = read_yaml_lines(tmp_path / "a.yaml")
    assert (made["a"].line, line_of(made, "c", 0), made["c"].lines, made["c"][2].line) == (1, 2, [3, 4, 5], 5)
    assert made["c"][1] is None
    assert not isinstance(strip_lines(made)["a"], LineText)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "line 2: a is there twice: keep one of the two."),
        ("a:\n  b: 1\n  b: 1\n", "line 3: b is there twice: keep one of the two."),
        (
            "a: 1\nb: !!python/name:os.system x\n",
            "line 2: tag:yaml.org,2002:python/name:os.system is no kind",
        ),
        ("a: [b\n", "line 2: this is not YAML: "),
        ("# nothing\n", "line 1: the file is empty."),
        ("a: 1\n? [b]\n: 2\n", "line 2: a key must be a text or a number."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^a\.yaml, ") as refused:
        read_yaml_lines(tmp_path / "a.yaml")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path, fifo: Callable[[Path], None]) -> None:
    fifo(tmp_path / "a.yaml")
    with pytest.raises(ValueError, match=r"^a\.yaml cannot be read: it is not a regular file\.$"):
        read_yaml_lines(tmp_path / "a.yaml")
