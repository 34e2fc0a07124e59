"""Change statements of the sources, one at a time, and list the changes that no test notices.

    python research/mutation/run.py draw [--count COUNT] [--seed SEED]
    python research/mutation/run.py try WORK [FUNCTION ...] [--marks MARKS] [--jobs JOBS]

``draw`` adds changes ("mutants") to ``mutants.yaml``: at most one a function, as many of a package as it has of all
statements. A mutant is a function (``module:name``) and the text of a statement, as ``ast.unparse`` writes it, with the
change in brackets: ``if left ⟦< → <=⟧ right:``. So it is found again after files have moved.

``try`` plants those that have no outcome yet, or those of the given functions, in clones of HEAD in the folder WORK. It
runs the test that killed the mutant before, then the tests nearest to its module, then all, until one fails. A failure
counts only where the test passes on the same statement merely rewritten: some tests fail at any change of the text.
The outcome is written to ``mutants.yaml``. $TIPBENCH_HOME has to be set and hold the release tiny; each clone has a
copy. Exit code 1 where a mutant survived.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import os
import queue
import random
import re
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
ROOTS = ("benchmark", "baselines", "datasets")
MUTANTS = Path(__file__).with_name("mutants.yaml")
BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
PASS = "\n    pass"
OPERATORS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}
MOST_SECONDS, MOST_BYTES = 900, 10 << 30
"""CPU time and memory of a run of tests. One that takes more counts as failed: a test that never ends is noticed."""


@dataclass
class Mutant:
    """A change of one statement; ``reason`` says why a mutant that survived is left."""

    function: str
    statement: str
    outcome: str = ""
    killed_by: str = ""
    reason: str = ""

    def texts(self) -> tuple[str, str, int]:
        """Return the statement as it was drawn, the changed one, and the place of the change in bytes."""
        before, change, after = re.split("[⟦⟧]", self.statement)
        old, new = change.split(" → ")
        return before + old + after, before + new + after, len(before.encode())


@dataclass(frozen=True)
class Place:
    """A statement in today's sources."""

    file: Path
    module: str
    node: ast.stmt


# ---- Statements ----


@cache
def find_functions() -> dict[str, list[tuple[Path, str, ast.AST]]]:
    """Return file, module and node of all functions by their qualified names."""
    found: dict[str, list[tuple[Path, str, ast.AST]]] = {}
    for root in ROOTS:
        for file in sorted((REPOSITORY / root).glob("tip*/**/*.py")):
            module = ".".join(file.relative_to(REPOSITORY / root).with_suffix("").parts)
            for name, node in named_functions(ast.parse(file.read_text(encoding="utf-8")), ""):
                found.setdefault(name, []).append((file, module.removesuffix(".__init__"), node))
    return found


def named_functions(tree: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.iter_child_nodes(tree):
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
        yield from named_functions(node, f"{prefix}{node.name}." if named else prefix)


def statements(function: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a function; of a function or class in it only the head."""
    for name in BODIES:
        for node in getattr(function, name, []):
            if isinstance(node, ast.stmt):
                yield node
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from statements(node)


def text_of(node: ast.stmt) -> str:
    """Return a statement as text, without the statements in it; nothing where it has no such text."""
    if isinstance(node, ast.Try | ast.TryStar | ast.Match):
        return ""
    bare = copy.copy(node)
    for name in BODIES:
        if hasattr(bare, name):
            setattr(bare, name, [ast.Pass()] if name == "body" else [])
    try:
        return ast.unparse(bare).removesuffix(PASS)
    except ValueError:  # Python 3.11 cannot write every f-string
        return ""


def parse(text: str) -> ast.stmt:
    return ast.parse(text + PASS if text.endswith(":") else text).body[0]


def expressions(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost expressions of a statement."""
    for name, value in ast.iter_fields(node):
        for one in value if isinstance(value, list) and name not in BODIES else [value]:
            if isinstance(one, ast.expr):
                yield one
            elif isinstance(one, ast.AST):
                yield from expressions(one)


def span(text: str, node: ast.expr) -> tuple[int, int]:
    """Return where an expression starts and ends in a text, in bytes."""
    starts = [0]
    for line in text.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    return starts[node.lineno - 1] + node.col_offset, end


def locate(mutant: Mutant) -> Place | None:
    """Return where a mutant's statement is now: in the function of that name that is nearest, or anywhere else.

    The nearest is in the same module, else in a module of the same name or at least in the same package. Elsewhere the
    statement has to be the only one of its package.
    """
    module, name = mutant.function.split(":")
    text, package = text_of(parse(mutant.texts()[0])), module.split(".")[0]
    places = [
        Place(file, where, node)
        for file, where, function in find_functions().get(name, [])
        for node in statements(function)
        if text_of(node) == text
    ]
    ours = [one for one in places if one.module.split(".")[0] == package]
    same = [one for one in ours if one.module.split(".")[-1] == module.split(".")[-1]]
    for near in ([one for one in same if one.module == module], same, ours, places):
        if near:
            return near[0] if len(near) == 1 else None
    elsewhere = places_of_text().get((package, text), [])
    return elsewhere[0] if len(elsewhere) == 1 else None


@cache
def places_of_text() -> dict[tuple[str, str], list[Place]]:
    """Return all statements by package and text."""
    found: dict[tuple[str, str], list[Place]] = {}
    for there in find_functions().values():
        for file, module, function in there:
            for node in statements(function):
                place = Place(file, module, node)
                found.setdefault((module.split(".")[0], text_of(node)), []).append(place)
    return found


# ---- Changes ----


def changes_of(text: str, node: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield the changes of a statement: the byte where each starts, and the text before and after.

    Annotations, bases, decorators and f-strings have none.
    """
    raw = text.encode()
    if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise | ast.Return | ast.Continue):
        start, end = span(text, parse(text).test)  # type: ignore[attr-defined]
        yield start, raw[start:end].decode(), "False"  # a refusal or a special case is gone
    for expression in expressions(parse(text)):
        for one in inner_expressions(expression):
            start, _ = span(text, one)
            if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not):
                yield start, "not ", ""
            elif isinstance(one, ast.Constant) and isinstance(one.value, bool):
                yield start, repr(one.value), repr(not one.value)
            elif isinstance(one, ast.Constant) and isinstance(one.value, int | float):
                yield start, ast.unparse(one), repr(one.value + 1)
            for left, operator in operators(one):
                if type(operator) in OPERATORS:
                    old, new = OPERATORS[type(operator)]
                    yield raw.index(old.encode(), span(text, left)[1]), old, new


def operators(node: ast.expr) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Yield the operators of an expression, and what is on the left of each."""
    if isinstance(node, ast.Compare):
        yield from zip([node.left, *node.comparators], node.ops, strict=False)
    elif isinstance(node, ast.BoolOp):
        yield from ((left, node.op) for left in node.values[:-1])
    elif isinstance(node, ast.BinOp):
        name = isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
        constant = isinstance(node.right, ast.Name) and node.right.id.isupper()
        if not (isinstance(node.op, ast.Div) and (name or constant)):  # a path: else it is only an error
            yield node.left, node.op


def inner_expressions(node: ast.expr) -> Iterator[ast.expr]:
    if not isinstance(node, ast.JoinedStr):
        yield node
        for one in expressions(node):
            yield from inner_expressions(one)


def planted(mutant: Mutant, place: Place, changed: bool) -> str:
    """Return the text of a file with a mutant's statement rewritten, and changed or not."""
    drawn, new, start = mutant.texts()
    source = place.file.read_text(encoding="utf-8")
    for old, here in zip(expressions(parse(drawn)), expressions(place.node), strict=True):
        first, last = span(drawn, old)
        if first <= start < last:
            raw = new.encode()[first : last + len(new.encode()) - len(drawn.encode())]
            lines = "\n" * ((here.end_lineno or here.lineno) - here.lineno)  # what is below stays in its line
            text = f"({(raw if changed else drawn.encode()[first:last]).decode()}{lines})"
            first, last = span(source, here)
            return (source.encode()[:first] + text.encode() + source.encode()[last:]).decode()
    raise ValueError(f"{mutant.function}: the change is in no expression")


def draw(count: int, seed: int) -> list[Mutant]:
    """Draw mutants by package, each of another function."""
    found: dict[str, list[Mutant]] = {}
    sizes: Counter[str] = Counter()
    for name, there in find_functions().items():
        for _, module, function in there:
            for node in statements(function):
                text = text_of(node)
                sizes[module.split(".")[0]] += 1
                for start, old, new in changes_of(text, node) if text and "\n" not in text else ():
                    raw = text.encode()
                    end = raw[start + len(old.encode()) :].decode()
                    mutant = Mutant(f"{module}:{name}", f"{raw[:start].decode()}⟦{old} → {new}⟧{end}")
                    found.setdefault(module.split(".")[0], []).append(mutant)
    drawn: dict[str, Mutant] = {}
    for package, mutants in found.items():
        random.Random(f"{seed} {package}").shuffle(mutants)
        wanted = len(drawn) + round(count * sizes[package] / sizes.total())
        for one in mutants:
            if len(drawn) < wanted and one.function not in drawn and locate(one):
                drawn[one.function] = one
    return list(drawn.values())


# ---- Trials ----


class Clone:
    """A clone of HEAD with a copy of $TIPBENCH_HOME, in which one mutant at a time is tried."""

    def __init__(self, folder: Path, marks: str) -> None:
        self.tree, self.home, self.cache = folder / "tree", folder / "home", folder / "cache"
        self.marks = marks
        single = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "PYTHONDONTWRITEBYTECODE")
        paths = os.pathsep.join(str(self.tree / root) for root in ROOTS)
        self.environment = os.environ | {"PYTHONPATH": paths, "TIPBENCH_HOME": str(self.home)}
        self.environment |= dict.fromkeys(single, "1")
        if not folder.exists():
            shutil.copytree(os.environ["TIPBENCH_HOME"], self.home)
            subprocess.run(["git", "clone", "-q", "--shared", REPOSITORY, self.tree], check=True)
        for command in (
            ["git", "fetch", "-q", "origin", "HEAD"],
            ["git", "reset", "-q", "--hard", "FETCH_HEAD"],
            [sys.executable, "-m", "compileall", "-q", *ROOTS, "tests"],
        ):
            subprocess.run(command, cwd=self.tree, check=True)

    def find_killer(self, mutant: Mutant, place: Place) -> str:
        """Return the first test that fails because of a mutant, or nothing."""
        for tests in (self.same(mutant.killed_by), self.near(place.module), ["tests"]):
            ignored: list[str] = []
            while tests and (failed := self.run(mutant, place, tests, ignored)):
                if not self.run(mutant, place, [failed] if "::" in failed else tests, [], changed=False):
                    return failed
                if failed in ignored or "::" not in failed:
                    break
                ignored.append(failed)
        return ""

    def same(self, test: str) -> list[str]:
        """Return today's tests with the name of an earlier one, wherever they are."""
        name = test.partition("::")[2].partition("[")[0]
        return [f"{file}::{name}" for file in self.files_with(f"\ndef {name}(")] if name else []

    def near(self, module: str) -> list[str]:
        """Return the test files that name a module, then the folder of tests beside it."""
        folder = self.tree / "tests" / "/".join(module.split("."))
        while not folder.is_dir():
            folder = folder.parent
        files, name = self.files_with(module), module.split(".")[-1]
        beside = folder.relative_to(self.tree).as_posix()
        files.sort(key=lambda file: (not file.startswith(beside), name not in file))
        return [*files[:8], *([beside] if beside != "tests" else [])]

    def files_with(self, text: str) -> list[str]:
        """Return the test files in which a text stands."""
        files = sorted((self.tree / "tests").rglob("test_*.py"))
        return [str(one.relative_to(self.tree)) for one in files if text in one.read_text("utf-8")]

    def run(
        self, mutant: Mutant, place: Place, tests: list[str], ignored: list[str], changed: bool = True
    ) -> str:
        """Run tests with a mutant, or with its statement merely rewritten; return the one that fails, or nothing."""
        file = self.tree / place.file.relative_to(REPOSITORY)
        before = file.read_bytes()
        shutil.rmtree(self.cache, ignore_errors=True)
        options = ["-n", "0", "-x", "-q", "--tb=no", "-p", "no:randomly", "-o", f"cache_dir={self.cache}"]
        skipped = [word for one in ignored for word in ("--deselect", one)]
        file.write_text(planted(mutant, place, changed), encoding="utf-8")
        code = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "-m", self.marks, *skipped, *tests],
            cwd=self.tree,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode
        file.write_bytes(before)
        failed = self.cache / "v/cache/lastfailed"
        names = list(json.loads(failed.read_text(encoding="utf-8"))) if failed.exists() else []
        return "" if code in (0, 5) else names[0] if names else f"pytest ends with {code}"


def try_mutants(mutants: list[Mutant], options: argparse.Namespace) -> int:
    """Try the chosen mutants, keep and print the outcomes, and return how many survived."""
    for kind, most in ((resource.RLIMIT_CPU, MOST_SECONDS), (resource.RLIMIT_DATA, MOST_BYTES)):
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))
    clones: queue.SimpleQueue[Clone] = queue.SimpleQueue()
    for number in range(options.jobs):
        clones.put(Clone(options.work.resolve() / str(number), options.marks))

    def try_one(mutant: Mutant) -> Mutant:
        place = locate(mutant)
        if not place:
            mutant.outcome, mutant.killed_by = "gone", ""
            return mutant
        clone = clones.get()
        try:
            mutant.killed_by = clone.find_killer(mutant, place)
        finally:
            clones.put(clone)
        mutant.outcome = "killed" if mutant.killed_by else "survived"
        return mutant

    chosen = [
        one for one in mutants if one.function in options.functions or not (options.functions or one.outcome)
    ]
    with ThreadPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(try_one, one) for one in chosen]):
            one = done.result()
            print(f"{one.outcome}: {one.function}: {one.statement}: {one.killed_by}", flush=True)
            write(mutants)
    print(", ".join(f"{number} {name}" for name, number in Counter(one.outcome for one in mutants).items()))
    return sum(one.outcome == "survived" for one in chosen)


def read() -> list[Mutant]:
    text = MUTANTS.read_text(encoding="utf-8") if MUTANTS.exists() else "[]"
    return [Mutant(**one) for one in yaml.safe_load(text)]


def write(mutants: list[Mutant]) -> None:
    entries: list[dict[str, Any]] = [{k: v for k, v in asdict(one).items() if v} for one in mutants]
    text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=200)
    MUTANTS.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    drawing = commands.add_parser("draw")
    drawing.add_argument("--count", type=int, default=640)
    drawing.add_argument("--seed", type=int, default=0)
    trying = commands.add_parser("try")
    trying.add_argument("work", type=Path)
    trying.add_argument("functions", nargs="*")
    trying.add_argument("--marks", default="not slow", help="what pytest's -m gets")
    trying.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    mutants = read()
    if options.command == "try":
        return 1 if try_mutants(mutants, options) else 0
    known = {one.function for one in mutants}
    write([*mutants, *(one for one in draw(options.count, options.seed) if one.function not in known)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
