"""The files that decide what a module computes, on packages that are written here."""

import shutil
from pathlib import Path

import pytest
from tipbench.sources import Place, canonical, closure, digest_of_sources

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
def shop(tmp_path: Path) -> Place:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Place(tmp_path, ("shop",))


def digest(shop: Place) -> str:
    return digest_of_sources(closure(["shop.a"], [shop]))


def test_imports_are_followed_in_functions_relative_ones_and_in_circles_and_others_are_not(
    shop: Place,
) -> None:
    found = closure(["shop.a", "beside", "nowhere"], [shop])
    assert set(found) == {
        *("shop", "shop.a", "shop.b", "shop.c", "shop.deep", "shop.deep.d", "shop.e", "shop.late"),
        "shop.unused",
    }
    assert found["shop.deep"].name == "__init__.py"


def test_a_package_counts_where_something_is_imported_from_it_only(shop: Place) -> None:
    assert set(closure(["shop.late"], [shop])) == {"shop.late"}


def test_names_hold_the_closure_to_the_modules_below_them(shop: Place) -> None:
    assert set(closure(["shop.b"], [Place(shop.folder, ("shop.b", "shop.deep"))])) == {
        *("shop.b", "shop.deep.d"),
    }


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("shop/a.py", '"""Said."""\n' + FILES["shop/a.py"] + "# A remark.\n"),
        ("shop/b.py", FILES["shop/b.py"].replace("\n", "\r\n")),
        ("shop/other.txt", "three\n"),
        ("shop/alone.py", "# A remark.\n"),
        ("outside.txt", "two\n"),
        ("beside.py", "CHANGED = 1\n"),
    ],
)
def test_what_only_a_reader_sees_and_what_is_not_read_change_no_digest(
    shop: Place, file: str, text: str
) -> None:
    before = digest(shop)
    (shop.folder / file).write_text(text, encoding="utf-8", newline="")
    assert digest(shop) == before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("shop/e.py", "CHANGED = 1\n"),
        ("shop/late.py", FILES["shop/late.py"] + "CHANGED = 1\n"),
        ("shop/words.txt", "three\n"),
        ("shop/deep/d.py", "this is not a Python"),
    ],
)
def test_code_and_a_data_file_that_code_names_change_the_digest(shop: Place, file: str, text: str) -> None:
    before = digest(shop)
    (shop.folder / file).write_text(text, encoding="utf-8")
    assert digest(shop) != before


def test_a_digest_does_not_depend_on_where_a_package_lies(shop: Place, tmp_path: Path) -> None:
    shutil.copytree(shop.folder / "shop", tmp_path / "elsewhere" / "shop")
    assert digest(Place(tmp_path / "elsewhere", ("shop",))) == digest(shop)


def test_a_plain_value_has_one_text() -> None:
    assert canonical({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("nan")})
