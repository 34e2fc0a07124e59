"""Names: functions are verbs, modules and classes are nouns, and a class name has one meaning.

``names.yaml`` lists what does not follow these rules yet. Both lists may only shrink: a name that is mended is removed
from its list, and no name may be added.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from parsed import ROOT, python_files, tree_of

IRREGULAR = (
    "begun born bound broken brought built caught chosen done drawn driven fallen felt found given gone grown had held "
    "hidden kept known laid learnt led left lent lost made meant met misspelt paid redrawn said seen sent shown sold "
    "sought sown spent spoken strung sworn taken taught thought thrown told unread unsaid unseen untold unwritten won "
    "worn woven written"
)
NOT_PARTICIPLES = frozenset(
    ("embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "spread", "weed")
)


def trees(root: Path) -> dict[str, ast.Module]:
    """Every module of the packages, parsed, by its path below the root."""
    return {path.relative_to(root).as_posix(): tree_of(path) for path in python_files(root=root)}


def is_participle(name: str) -> bool:
    """Whether a name is one participle and nothing else, such as ``told`` or ``_asked``."""
    word = name.strip("_")
    return word in IRREGULAR.split() or bool(re.fullmatch(r"[a-z]+ed", word) and word not in NOT_PARTICIPLES)


def participles(modules: dict[str, ast.Module]) -> Iterator[str]:
    """Yield modules and functions that are named by a bare participle; properties are named like attributes."""
    for path, tree in modules.items():
        if is_participle(Path(path).stem):
            yield path
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef) or not is_participle(node.name):
                continue
            if not any("property" in ast.unparse(decorator) for decorator in node.decorator_list):
                yield f"{path}:{node.name}"


def shared_class_names(modules: dict[str, ast.Module]) -> dict[str, list[str]]:
    """Class names that several modules define, with the modules. A method's class may be named as another task's is."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path, tree in modules.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not path.startswith("baselines/"):
                found[node.name.lstrip("_")].append(path)
    return {name: paths for name, paths in sorted(found.items()) if len(paths) > 1}


def test_a_participle_is_recognised() -> None:
    assert all(map(is_participle, ("told", "_asked", "kept", "mapped", "_weighed")))
    assert not any(map(is_participle, ("seed", "mapped_rows", "is_told", "need", "read", "embed")))


@pytest.mark.parametrize(
    ("which", "find", "mend"),
    [
        ("participles", participles, "name them by a verb (functions) or a noun (modules)"),
        ("classes", shared_class_names, "two modules define a class of this name: rename one"),
    ],
)
def test_no_name_is_a_bare_participle_or_of_two_classes(which: str, find: Callable, mend: str) -> None:
    allowed = set(yaml.safe_load((ROOT / "tests/names.yaml").read_text(encoding="utf-8"))[which] or ())
    found = set(find(trees(ROOT)))
    assert found - allowed == set(), mend
    assert allowed - found == set(), "mended: remove them from tests/names.yaml"
