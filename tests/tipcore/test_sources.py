"""A digest of a Python file follows what it computes and nothing else."""

import shutil
from pathlib import Path

import pytest
from tipcore import sources
from tipcore.sources import CodePlace, canonical, closure, digest_of_sources, token_digest

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


def digest(text: str) -> str:
    return token_digest(text.encode())


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
def test_what_only_a_reader_sees_does_not_count(old: str, new: str) -> None:
    assert old in CODE
    assert digest(CODE.replace(old, new)) == digest(CODE)


def test_line_ends_a_byte_order_mark_and_the_width_of_an_indentation_do_not_count() -> None:
    first = digest(CODE)
    assert digest(CODE.replace("\n", "\r\n")) == first
    assert digest("\ufeff" + CODE) == first
    narrow = "\n".join(line.replace("    ", "  ") for line in CODE.split("\n"))
    assert digest(narrow) == first


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
def test_what_is_computed_counts(old: str, new: str) -> None:
    assert old in CODE
    assert digest(CODE.replace(old, new)) != digest(CODE)


def test_every_interpreter_gives_the_same_digest() -> None:
    """Computed with Python 3.11, 3.12 and 3.13; before 3.12 an f-string was one token."""
    assert digest(CODE) == "02366d9e02c1b03343a18771f39180a33cf407f2fc74023ca1036285848a8924"


def test_a_text_that_is_not_python_is_refused() -> None:
    with pytest.raises((SyntaxError, sources.tokenize.TokenError)):
        digest("def read(:\n  '''never closed")


FILES = {
    "shop/__init__.py": "import shop.unused\n",
    "shop/a.py": "import numpy\nfrom shop import b\nfrom shop.deep import thing\ndef late():\n    import shop.late\n",
    "shop/b.py": "from . import c\nfrom .deep.d import x\n",
    "shop/c.py": "from shop.a import late\n",
    "shop/late.py": f'WORDS = "words.txt", "gone.txt", "alone.py", "../outside.txt", "{"long." * 60}"\n',
    "shop/alone.py": "",
    "shop/unused.py": "",
    "shop/deep/__init__.py": "thing = 1\n",
    "shop/deep/d.py": "from .. import e\nx = 1\n",
    "shop/e.py": "",
    "shop/words.txt": "one\n",
    "shop/other.txt": "two\n",
    "beside.py": "",
    "outside.txt": "one\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> CodePlace:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return CodePlace(tmp_path, ("shop",))


def digest_of_text(shop: CodePlace) -> str:
    return digest_of_sources(closure(["shop.a"], [shop]))


def test_imports_are_followed_in_functions_relative_ones_and_circles_and_no_others(shop: CodePlace) -> None:
    found = closure(["shop.a", "beside", "nowhere"], [shop])
    assert set(found) == {
        *("shop", "shop.a", "shop.b", "shop.c", "shop.deep", "shop.deep.d", "shop.e", "shop.late"),
        "shop.unused",
    }
    assert found["shop.deep"].name == "__init__.py"


def test_a_package_counts_where_something_is_imported_from_it_only(shop: CodePlace) -> None:
    assert set(closure(["shop.late"], [shop])) == {"shop.late"}


def test_names_hold_the_closure_to_the_modules_below_them(shop: CodePlace) -> None:
    assert set(closure(["shop.b"], [CodePlace(shop.folder, ("shop.b", "shop.deep"))])) == {
        *("shop.b", "shop.deep.d"),
    }


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("shop/a.py", '"""Said."""\n' + FILES["shop/a.py"] + "# A remark.\n", False),
        ("shop/b.py", FILES["shop/b.py"].replace("\n", "\r\n"), False),
        ("shop/other.txt", "three\n", False),
        ("shop/alone.py", "# A remark.\n", False),
        ("outside.txt", "two\n", False),
        ("beside.py", "CHANGED = 1\n", False),
        ("shop/e.py", "CHANGED = 1\n", True),
        ("shop/late.py", FILES["shop/late.py"] + "CHANGED = 1\n", True),
        ("shop/words.txt", "three\n", True),
        ("shop/deep/d.py", "this is not a Python", True),
    ],
)
def test_code_and_a_data_file_that_code_names_alone_change_the_digest(
    shop: CodePlace, file: str, text: str, counts: bool
) -> None:
    before = digest_of_text(shop)
    (shop.folder / file).write_text(text, encoding="utf-8", newline="")
    assert (digest_of_text(shop) != before) == counts


def test_a_digest_does_not_depend_on_where_a_package_lies(shop: CodePlace, tmp_path: Path) -> None:
    shutil.copytree(shop.folder / "shop", tmp_path / "elsewhere" / "shop")
    assert digest_of_text(CodePlace(tmp_path / "elsewhere", ("shop",))) == digest_of_text(shop)


def test_a_plain_value_has_one_text() -> None:
    assert canonical({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
