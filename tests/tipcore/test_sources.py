"""A digest of a Python file follows what it computes and nothing else."""

from pathlib import Path

import pytest
from tipcore import sources
from tipcore.sources import token_digest

CODE = '''"""What the module says."""

from pathlib import Path  # where things are

LIMIT = 12
"""What the limit says."""


class Reader:
    """What the class says."""

    def read(self, path: Path, times: int = 2) -> str:
        """What the function says.

        On two lines.
        """
        if times > 1:
            # why so
            text = f"{path} {'x' * times}:{times!r:>4} " "again"
            return text + """kept
as it is"""
        return "nothing"
'''


def digest(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "read.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return token_digest(path.read_bytes())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""What the module says."""', '"""Another word."""'),
        ('"""What the module says."""\n', ""),
        ('"""What the limit says."""', '"""Another word."""'),
        ('    """What the class says."""\n', "    'one' 'word'\n"),
        ("On two lines.", "On\n        three lines."),
        ("# why so", "# because"),
        ("            # why so\n", ""),
        ("  # where things are", ""),
        ("\n\n\nclass", "\nclass"),
        ("LIMIT = 12\n", "LIMIT   =   12   \n\n"),
        ("(self, path: Path, times: int = 2)", "(\n        self, path: Path,\n\n        times: int = 2)"),
        ('return "nothing"\n', 'return "nothing"'),
    ],
)
def test_what_only_a_reader_sees_does_not_count(tmp_path: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(tmp_path, CODE.replace(old, new)) == digest(tmp_path, CODE)


def test_line_ends_a_byte_order_mark_and_the_width_of_an_indentation_do_not_count(tmp_path: Path) -> None:
    first = digest(tmp_path, CODE)
    assert digest(tmp_path, CODE.replace("\n", "\r\n")) == first
    assert digest(tmp_path, b"\xef\xbb\xbf" + CODE.encode()) == first
    narrow = "\n".join(line.replace("    ", "  ") for line in CODE.split("\n"))
    assert digest(tmp_path, narrow) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LIMIT = 12", "LIMIT = 13"),
        ("times > 1", "times >= 1"),
        ('"nothing"', '"Nothing"'),
        ('"again"', '"once more"'),
        ("{path} {'x'", "{path}  {'x'"),
        ("{'x' * times}", "{'x' * 2}"),
        ("!r:>4", "!r:>5"),
        ('f"{path}', 'rf"{path}'),
        ("kept\nas", "kept\n\nas"),
        ("def read", "def reads"),
        ('            return text + """kept\nas it is"""', '        return text + """kept\nas it is"""'),
        ('"""What the limit says."""', 'f"""{LIMIT}"""'),
        ('"""What the limit says."""', 'print("""What the limit says.""")'),
    ],
)
def test_what_is_computed_counts(tmp_path: Path, old: str, new: str) -> None:
    assert old in CODE
    assert digest(tmp_path, CODE.replace(old, new)) != digest(tmp_path, CODE)


def test_every_interpreter_gives_the_same_digest(tmp_path: Path) -> None:
    """Computed with Python 3.11, 3.12 and 3.13; before 3.12 an f-string was one token."""
    assert digest(tmp_path, CODE) == "02366d9e02c1b03343a18771f39180a33cf407f2fc74023ca1036285848a8924"


def test_a_text_that_is_not_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises((SyntaxError, sources.tokenize.TokenError)):
        digest(tmp_path, "def read(:\n  '''never closed")
