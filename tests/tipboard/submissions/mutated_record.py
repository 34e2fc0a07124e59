"""Mutations of ``submission.json``: as JSON, what it claims, and text that hides, obeys or leads elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mutated_case import RECORD, Mutant, mutation
from mutated_parquet import flipped

FAMILY, TEXT = "json", "text"
OTHERS: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, -1e308, 1e308, 2**63, 2**31, "", "x", "1", "\x00", [], {}, [[]], [None],
    {"x": 1}, "x" * 70_000, [1] * 300, 10**400,
]  # fmt: skip
SIGNS = [
    "\\ud800", "\\udfff", "\\u0000", "\\u202e", "\\u001b[2J", "\\ufeff", "\\ud83d\\ude00", "\\u00e9", "\\/", "\\x41",
    "\\u12",
]  # fmt: skip
KEYS = [
    "score", "scores", "verified", "result", "average_precision", "__class__", "__proto__", "$ref", "", "Team",
    "team ", "tеam", "x" * 5_000, "\u202e", "\x1b[2J",
]  # fmt: skip
NUMBERS = [
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5_000, "1" + "0" * 200_000, "0x10", "01", "+1", ".5",
    "1.", "1e", "--1", "1e-400000000000000000000",
]  # fmt: skip
ENTRY = [
    ("digest", "sha256:" + "0" * 64), ("digest", "md5:0"), ("digest", ""), ("digest", "sha256:" + "A" * 64),
    ("rows", 0), ("rows", -1), ("rows", 2**53), ("rows", 2**63), ("rows", "8"), ("seed", 7), ("seed", -1),
    ("seed", 2**31), ("seed", 1e3), ("seed", True), ("seed", "0"), ("split", "nowhere"), ("split", ".."),
    ("split", "../all"), ("split", "auto"), ("task", "prevalence_"), ("task", "__class__"), ("task", ".."),
    ("task", "Prevalence"), ("task", "a/b"), ("access", "secret"), ("access", "truth"), ("access", "auto"),
    ("labels", "oracle_"), ("labels", "given"), ("cost", {}), ("cost", "1"), ("file", None),
]  # fmt: skip
PLACES = [
    "../{}", "/etc/passwd", "x/../{}", "./{}", "{}\0", "{}\n", "{}/", "{}?x", "submission.json", "file:///etc/passwd",
    "https://x.example/s0.parquet", "~/s0.parquet", "", "prevalence/all/s00.parquet", "prevalence/all/S0.parquet",
    "$HOME", "-", "*", "prevalence/all/*", "/dev/stdin", "/proc/self/environ", "s3://x/y", "hf://x", "NUL",
    "prevalence\\all\\s0.parquet",
]  # fmt: skip
PACKAGES = [
    "x==1", "x", "x>=1", "x==1; rm -rf /", "-r file", "../x==1", "--index-url https://x.example x==1", "x==1 y==2",
    "", "x==1\n", "x==$(id)", "x @ https://x.example/x.whl", "x @ http://x.example/x.whl#sha256=" + "0" * 64,
    "x @ git+https://x.example/x@main", "x @ git+ssh://x.example/x@" + "0" * 40,
    "x @ file:///tmp/x.whl#sha256=" + "0" * 64, "x @ https://u:p@x.example/x.whl#sha256=" + "0" * 64,
    "x==1.0 --index-url=x",
]  # fmt: skip
OVERRIDES: list[Any] = [
    ["runs.path=/etc"], ["+hydra.run.dir=/"], ["hydra.run.dir=/"], ["figure.path=/etc/x.png"], ["engine=loky"],
    ["+engine=x"], ["fence=off"], ["overwrite=always"], ["experiment=board"], ["grid.baselines=all"], ["--help"],
    ["--config-dir"], ["-m"], ["baseline.x=${oc.env:HOME}"], ["a=\n"], ["a=\u202e"], ["a"], ["=a"], ["~a=1"],
    ["++runs.path=/etc"], ["a=" + "b" * 200], [" a=1"], ["a b=1"], ["a=1"] * 51, "a=1", [1], [None], ["$(id)=1"],
]  # fmt: skip
DATA = [
    "0.2.0/tiny", "0.5.0/full", "0.5.0/xl", "9.9.9/tiny", "season/other", "season/../x", "tiny", "../tiny",
    "0.5.0/tiny.w3", "0.5.0/../../x", "/etc", "0.5.0/tiny\n", "", "٠.٥.٠/tiny", "0.5.0/TINY", None, ["0.5.0/tiny"],
]  # fmt: skip
VERSIONS: list[Any] = [
    {"data": "9.9.9"}, {"data": "0.2.0"}, {"data": "../x"}, {"data": "\x1b[2J"}, {"data": None}, {"tasks": {}},
    {"tasks": None}, {"tasks": "1"}, {"tasks": {"nowhere": "1"}},
]  # fmt: skip
UNSEEN = [
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029", "\x00", "\x1b[31m", "\n", "\r",
    "\t", "\x7f", "\x85", "\ue000", "\U000e0041", "\uffff", "\u0378", "\ufe0f", "\u3164", "\u115f", "\u2800",
    "\u034f", "\u061c", "\x9b", "\u180e", "\U000e0101", "\U0010ffff", "\ud800", "\udfff",
]  # fmt: skip
MARKUP = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><svg/onload=alert(1)>", "{{7*7}}",
    "&lt;b&gt;", "${jndi:ldap://x.example/a}", "[a](javascript:alert(1))", "![x](https://x.example/p.png)",
    "| a | b |", "# Heading", "```sh", "\\write18{id}", "$\\def\\x{\\x\\x}\\x$", "=cmd|' /C calc'!A0", "+1+1",
    "@SUM(1+1)", "%00", "$(id)", "`id`", "'; DROP TABLE results;--", "[red]x[/red]", "::set-output name=a::b",
    "##[error]x", "%n%n%s", "<!--", "-->", "]]>", "<?php echo 1 ?>", "{% include 'x' %}", "../../etc/passwd",
    "\\u202e", "&#x202e;", "<style>*{display:none}</style>", "ملف", "測試", "Ελληνικά", "новый метод", "नई विधि",
    "phương pháp", "שיטה", "방법 ok", "🙂 method", "straße", "İstanbul", "ﷺ", "𝔘nicode", "Аcme (homoglyph)",
]  # fmt: skip
ODD = [
    "", " ", " x", "x ", "\u00a0", "e\u0301tude", "A\u030angstrom", "a" + "\u0301" * 40, "x" + "\u0336" * 5, "\u212b",
    "\u1100\u1161", "\u2126", "z" * 501, "z" * 60_000, "\u3000x", "😀" * 501, "e\u0323\u0307",
]  # fmt: skip
ADDRESSES = [
    "http://x.example", "https://", "https://x", "//x.example", "https:/x.example", "javascript:alert(1)",
    "vbscript:x", "https://user:pw@x.example", "https://x.example\\@y.example", "https://x.example/\u202e",
    "https://пример.example", "https://x.example/ y", "https://x.example/\n", "https://x.example/\x00",
    "https://x.example/<b>", "ftp://x.example/a", "https://x.example/\"onclick=x", "https://x.example/{}",
    "https://x.example`id`", "https://x.example|y", "https://x.example:99999999", "https://[::1]/",
    "https://x..example", "https://-x.example", "https://.example", "https://x_y.example", "https://localhost",
    " https://x.example", "HTTPS://x.example", "file:///etc/passwd", "data:text/html,x", "mailto:a@x.example",
    "blob:https://x.example", "view-source:https://x.example", "https://x.example/" + "a" * 400, "",
    "https:\\\\x.example", "https://x.example^", "https://xn--.example.",
]  # fmt: skip
NAMES = [
    "", "A", "Acme", "acme/..", "..", ".", "a/b", "a--b", "acme--x", "-a", "a-", "--", "tipbench", "own", "acmе",
    "a\u0301", "ａcme", "a b", "a\n", "a\u200b", "a" * 41, "con ", "a.b", "<b>", "_a--", "ſ", "é", "a%2fb", "a\\b",
    "null\x00", "😀", "a;b", "a|b", "a$b", "\u202e",
]  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a record, as its holder and its key there, the outer ones first."""
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(listed):
        yield value, key
        yield from places(inner)


@mutation(FAMILY)
def fields_of_another_type(case: Mutant) -> None:
    for _ in range(case.some(1, 3)):
        holder, key = case.pick(places(case.record))
        holder[key] = case.pick(OTHERS)
    case.write_record()


@mutation(FAMILY)
def a_field_left_out(case: Mutant) -> None:
    holder, key = case.pick(places(case.record))
    del holder[key]
    case.write_record()


@mutation(FAMILY, refused=True)
def a_key_that_no_record_has(case: Mutant) -> None:
    inner = [holder[key] for holder, key in places(case.record) if isinstance(holder[key], dict)]
    tasks = case.record["versions"]["tasks"]
    holder = case.pick(one for one in (case.record, *inner) if one is not tasks)
    holder[case.pick(KEYS)] = case.pick([0.99, {"value": 1.0}, *OTHERS])
    case.write_record()


@mutation(FAMILY, refused=True)
def a_key_that_is_there_twice(case: Mutant) -> None:
    text = json.dumps(case.record)
    one = case.pick(re.finditer(r'("[a-z_]+"): ', text))
    again = f"{one[1]}: {json.dumps(case.pick(OTHERS[:12]))}, "
    case.write_record(text[: one.start()] + again + text[one.start() :])


@mutation(FAMILY, refused=True)
def brackets_without_end(case: Mutant) -> None:
    deep, how = case.pick([13, 500, 60_000]), case.pick([("[", "]"), ('{"x":', "}")])
    value = how[0] * deep + case.pick(["", "1"]) + how[1] * case.pick([deep, 0])
    holder, key = case.pick(places(case.record))
    holder[key] = "here"
    case.write_record(case.pick([json.dumps(case.record).replace('"here"', value), value]))


@mutation(FAMILY, refused=True)
def a_number_that_is_none_of_json(case: Mutant) -> None:
    named = ("rows", "seed", "format")
    holder, key = case.pick((holder, key) for holder, key in places(case.record) if key in named)
    holder[key] = "here"
    case.write_record(json.dumps(case.record).replace('"here"', case.pick(NUMBERS)))


@mutation(FAMILY)
def a_number_in_another_form(case: Mutant) -> None:
    text = case.text
    one = case.pick(re.finditer(r": (\d+)(?=[,}\s])", text))
    other = case.pick(["{}.0", "{}e0", "-{}", "{}0000000000", '"{}"', "{}.5", "[{}]"]).format(one[1])
    case.write_record(text[: one.start(1)] + other + text[one.end(1) :])


@mutation(FAMILY)
def escapes_in_a_string(case: Mutant) -> None:
    text = json.dumps(case.record)
    one = case.pick(re.finditer(r'"[^"\\]+"', text))
    place = case.some(one.start() + 1, one.end())
    case.write_record(text[:place] + case.pick(SIGNS) + text[place:])


@mutation(FAMILY)
def a_cost_that_is_none(case: Mutant) -> None:
    cost: Any = dict.fromkeys(("fit_s", "predict_s", "cpu_s", "peak_mib"), 1.0)
    cost[case.pick(cost)] = case.pick([-1, -1e308, 1e308, 1e9, 1.1e9, "1", True, [], None, -0.0, 10**400])
    case.entry()["cost"] = case.pick([cost, [cost], {"fit_s": 1}, "free"])
    case.write_record()


@mutation(FAMILY, refused=True)
def json_that_is_cut_or_goes_on(case: Mutant) -> None:
    text = case.text.strip()
    cut = text[: case.some(0, len(text))]
    ends = [text + text, text + "}", text + "\0", text[1:], text[:-1] + ",}", f"/**/{text}", f"[{text}]"]
    others = ["", " ", "null", "{}", "[]", "<xml/>", "0" * 200_000, '"' + "\\" * 100_000]
    case.write_record(case.pick([cut, cut, *ends, *others]))


@mutation(FAMILY)
def bytes_of_the_record_flipped(case: Mutant) -> None:
    case.write_record(flipped(case, (case.folder / RECORD).read_bytes()))


@mutation(FAMILY, refused=True)
def another_encoding(case: Mutant) -> None:
    text, how = case.text, case.pick(["utf-16", "utf-32", "utf-8-sig", "utf-16-be", "utf-7", "bad", "bad"])
    if how == "bad":
        signs = [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", b"\xe9"]
        case.write_record(text.encode().replace(b"Guesses", b"Gue" + case.pick(signs) + b"sses"))
    else:
        case.write_record("+AAA-" + text if how == "utf-7" else text.encode(how))


@mutation(FAMILY, same=True)
def the_same_in_another_layout(case: Mutant) -> None:
    record = dict(case.pick([list, reversed])(list(case.record.items())))
    layout = case.pick([{"indent": 8}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": "\t"}])
    text = json.dumps(record, **layout)
    case.write_record(case.pick([text, "\r\n" + text.replace("\n", "\r\n") + "\r\n", " " * 9_000 + text]))


@mutation(FAMILY, refused=True)
def a_record_that_is_too_long(case: Mutant) -> None:
    case.record["title"] = case.pick(["Mine", "x" * 300_000])
    case.write_record(json.dumps(case.record) + " " * case.pick([262_144, 5_000_000]))


@mutation(FAMILY, refused=True)
def what_the_file_is_not(case: Mutant) -> None:
    entry = case.entry()
    moved = [("file", place.format(case.file)) for place in PLACES]
    name, value = case.pick([*ENTRY, *moved, ("rows", entry["rows"] + 1), ("rows", entry["rows"] - 1)])
    entry[name] = value
    if name in ("task", "split", "seed") and case.draw.random() < 0.5:
        entry["file"] = f"{entry['task']}/{entry['split']}/s{entry['seed']}.parquet"
    case.write_record()


@mutation(FAMILY, refused=True)
def entries_without_end_or_listed_twice(case: Mutant) -> None:
    entry = case.entry()
    others = [{**entry, "seed": n, "file": re.sub(r"s\d+\.", f"s{n}.", entry["file"])} for n in range(1, 400)]
    more = [
        [entry],
        [dict(entry, cost=None)],
        [dict(entry, access="legal")],
        others[:3],
        others,
        [entry] * 100,
    ]
    case.record["predictions"] += case.pick(more)
    case.write_record()


@mutation(FAMILY, refused=True)
def what_is_pinned(case: Mutant) -> None:
    task, package, overrides = case.file.partition("/")[0], "x==1", ["a=1"]
    kind = case.pick(["package", "overrides", "task"])
    if kind == "package":
        package = case.pick(PACKAGES[1:])
    elif kind == "overrides":
        overrides = case.pick(OVERRIDES)
    else:
        task = case.pick(["nowhere", "__init__", "../x"])
    case.record["pinned"] = {"package": package, "overrides": {task: overrides}}
    case.write_record()


@mutation(FAMILY, same=True)
def what_may_be_pinned(case: Mutant) -> None:
    package = case.pick([
        "x==1.0", "x_y.z==2!1.0+local", "x @ https://x.example/x-1.whl#sha256=" + "0" * 64,
        "x @ git+https://x.example/x.git@" + "a" * 40,
    ])  # fmt: skip
    harm = ["baseline.method._target_=os.system", "+baseline.method.command='rm -rf /'"]
    overrides = {case.file.partition("/")[0]: case.pick([[], harm])}
    case.record["pinned"] = {"package": package, "overrides": overrides}
    case.write_record()


@mutation(FAMILY, refused=True)
def other_versions_and_data(case: Mutant) -> None:
    task = case.file.partition("/")[0]
    change = case.pick(["versions", "data", "format"])
    if change == "versions":
        case.record["versions"].update(case.pick([*VERSIONS, {"tasks": {task: 99}}]))
    else:
        case.record[change] = case.pick(DATA if change == "data" else [0, 2, "1", None, 1.5, True])
    case.write_record()


def _put(case: Mutant, text: str) -> None:
    """Put a text into one of the fields that hold text."""
    holder = case.pick([case.record, case.record, case.record["authors"][0]])
    holder[case.pick(["title", "summary", "hardware"] if "title" in holder else ["name", "affiliation"])] = (
        text
    )
    case.write_record()


@mutation(TEXT, refused=True)
def signs_that_are_not_seen(case: Mutant) -> None:
    _put(case, case.pick(["A method{}of ours", "{0}{0}x", "x {}x"]).format(case.pick(UNSEEN)))


@mutation(TEXT, same=True)
def markup_that_is_shown_as_it_is(case: Mutant) -> None:
    _put(case, case.pick(MARKUP))


@mutation(TEXT, refused=True)
def text_of_another_form(case: Mutant) -> None:
    _put(case, case.pick(ODD))


@mutation(TEXT, refused=True)
def addresses(case: Mutant) -> None:
    case.record[case.pick(["paper", "code"])] = case.pick(ADDRESSES)
    case.write_record()


@mutation(TEXT, refused=True)
def names_of_team_and_method(case: Mutant) -> None:
    key = case.pick(["team", "method"])
    case.record[key] = case.pick(
        NAMES if key == "team" else [n for n in NAMES if n not in ("tipbench", "own")]
    )
    case.write_record()


@mutation(TEXT, refused=True)
def a_name_in_the_place_of_a_key(case: Mutant) -> None:
    text = json.dumps(case.record, ensure_ascii=False)
    key, sign = case.pick(["team", "predictions", "versions", "rows"]), case.pick(UNSEEN[:9])
    case.write_record(text.replace(f'"{key}"', json.dumps(key[:2] + sign + key[2:]), 1))
