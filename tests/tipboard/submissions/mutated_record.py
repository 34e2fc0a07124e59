"""Mutations of ``submission.json`` as JSON: fields of another type, keys, numbers, escapes, bytes, what it claims."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mutated_case import Mutant, mutation
from mutated_parquet import flipped_bytes, some

FAMILY = "json"
OTHERS: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    -1e308,
    1e308,
    2**63,
    2**31,
    "",
    "x",
    "1",
    "\x00",
    [],
    {},
    [[]],
    [None],
    {"x": 1},
    "x" * 70_000,
    [1] * 300,
    10**400,
]
SIGNS = [
    "\\ud800",
    "\\udfff",
    "\\u0000",
    "\\u202e",
    "\\u001b[2J",
    "\\ufeff",
    "\\ud83d\\ude00",
    "\\u00e9",
    "\\/",
    "\\x41",
    "\\u12",
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a record, as its holder and its key there, the outer ones first."""
    listed = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(listed):
        yield value, key
        yield from places(inner)


def _objects(case: Mutant) -> list[dict[str, Any]]:
    return [
        case.record,
        *(holder[key] for holder, key in places(case.record) if isinstance(holder[key], dict)),
    ]


def text_of(case: Mutant) -> str:
    return (case.folder / "submission.json").read_text(encoding="utf-8")


@mutation(FAMILY)
def a_field_of_another_type(case: Mutant) -> None:
    holder, key = case.pick(places(case.record))
    holder[key] = case.pick(OTHERS)
    case.write_record()


@mutation(FAMILY)
def two_fields_of_another_type(case: Mutant) -> None:
    for _ in range(2):
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
    names = [
        "scores",
        "verified",
        "__class__",
        "$ref",
        "",
        "Team",
        "team ",
        "tеam",
        "x" * 5_000,
        "\u202e",
        "score",
        "result",
    ]
    holder = case.pick(one for one in _objects(case) if one is not case.record["versions"].get("tasks"))
    holder[case.pick(names)] = case.pick(OTHERS)
    case.write_record()


@mutation(FAMILY, refused=True)
def a_key_that_is_there_twice(case: Mutant) -> None:
    text = json.dumps(case.record)
    keys = list(re.finditer(r'("[a-z_]+"): ', text))
    one = case.pick(keys)
    case.put_text(
        text[: one.start()] + f"{one[1]}: {json.dumps(case.pick(OTHERS[:12]))}, " + text[one.start() :]
    )


@mutation(FAMILY, refused=True)
def brackets_without_end(case: Mutant) -> None:
    deep, how = case.pick([13, 500, 60_000]), case.pick([("[", "]"), ('{"x":', "}")])
    value = how[0] * deep + case.pick(["", "1"]) + how[1] * case.pick([deep, 0])
    holder, key = case.pick(places(case.record))
    holder[key] = "here"
    case.put_text(case.pick([json.dumps(case.record).replace('"here"', value), value]))


@mutation(FAMILY, refused=True)
def a_number_that_is_none_of_json(case: Mutant) -> None:
    number = case.pick(
        [
            "NaN",
            "Infinity",
            "-Infinity",
            "1e999",
            "-1e999",
            "1" * 5_000,
            "1" + "0" * 200_000,
            "0x10",
            "01",
            "+1",
            ".5",
            "1.",
            "1e",
            "--1",
            "1e-400000000000000000000",
        ]
    )
    holder, key = case.pick(
        (holder, key) for holder, key in places(case.record) if key in ("rows", "seed", "format")
    )
    holder[key] = "here"
    case.put_text(json.dumps(case.record).replace('"here"', number))


@mutation(FAMILY)
def a_number_in_another_form(case: Mutant) -> None:
    one = case.pick(re.finditer(r": (\d+)(?=[,}\s])", text_of(case)))
    other = case.pick(["{}.0", "{}e0", "-{}", "{}0000000000", '"{}"', "{}.5", "[{}]"]).format(one[1])
    text = text_of(case)
    case.put_text(text[: one.start(1)] + other + text[one.end(1) :])


@mutation(FAMILY)
def escapes_in_a_string(case: Mutant) -> None:
    text = json.dumps(case.record)
    one = case.pick(re.finditer(r'"[^"\\]+"', text))
    place = some(case, one.start() + 1, one.end())
    case.put_text(text[:place] + case.pick(SIGNS) + text[place:])


@mutation(FAMILY)
def a_cost_that_is_none(case: Mutant) -> None:
    cost: Any = dict.fromkeys(("fit_s", "predict_s", "cpu_s", "peak_mib"), 1.0)
    cost[case.pick(cost)] = case.pick([-1, -1e308, 1e308, 1e9, 1.1e9, "1", True, None, -0.0, 10**400])
    case.entry(case.file)["cost"] = case.pick([cost, [cost], {"fit_s": 1}, "free"])
    case.write_record()


@mutation(FAMILY, refused=True)
def json_that_is_cut_or_goes_on(case: Mutant) -> None:
    text = text_of(case).strip()
    cut = text[: some(case, 0, len(text))]
    case.put_text(
        case.pick(
            [cut, cut, text + text, text + "}", text + "\0", text[1:], "", " ", "[" + text + "]", "null"]
        )
    )


@mutation(FAMILY)
def bytes_of_the_record_flipped(case: Mutant) -> None:
    content = (case.folder / "submission.json").read_bytes()
    case.put_text(flipped_bytes(case, content, 0, len(content)))


@mutation(FAMILY, refused=True)
def another_encoding(case: Mutant) -> None:
    text, how = (
        text_of(case),
        case.pick(["utf-16", "utf-32", "utf-8-sig", "utf-16-be", "utf-7", "bad", "latin-1"]),
    )
    if how in ("bad", "latin-1"):
        sign = case.pick(
            [b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", b"\xe9"]
        )
        case.put_text(text.encode().replace(b"Guesses", b"Gue" + sign + b"sses"))
    else:
        case.put_text(("+AAA-" if how == "utf-7" else "") + text if how == "utf-7" else text.encode(how))


@mutation(FAMILY, same=True)
def the_same_in_another_layout(case: Mutant) -> None:
    record = dict(case.pick([list, reversed])(list(case.record.items())))
    layout = case.pick([{"indent": 8}, {"separators": (",", ":")}, {"ensure_ascii": False}, {"indent": "\t"}])
    text = json.dumps(record, **layout)
    case.put_text(case.pick([text, "\r\n" + text.replace("\n", "\r\n") + "\r\n", " " * 9_000 + text]))


@mutation(FAMILY, refused=True)
def a_record_that_is_too_long(case: Mutant) -> None:
    case.put_text(text_of(case) + " " * case.pick([262_144, 5_000_000]))


@mutation(FAMILY, refused=True)
def what_the_file_is_not(case: Mutant) -> None:
    entry = case.entry(case.file)
    name, value = case.pick(
        [
            ("digest", "sha256:" + "0" * 64),
            ("digest", "md5:0"),
            ("rows", 0),
            ("rows", 2**53),
            ("seed", 7),
            ("seed", -1),
            ("file", "../" + case.file),
            ("file", "/etc/passwd"),
            ("file", case.file + "\0"),
            ("split", "nowhere"),
            ("file", case.file.replace("/", "\\")),
            ("task", "prevalence_"),
            ("access", "secret"),
            ("labels", "oracle_"),
            ("split", ".."),
            ("task", "__class__"),
            ("rows", entry["rows"] + 1),
        ]
    )
    entry[name] = value
    case.write_record()


@mutation(FAMILY, refused=True)
def entries_without_end_or_listed_twice(case: Mutant) -> None:
    entry = case.entry(case.file)
    others = [{**entry, "seed": n, "file": re.sub(r"s\d+\.", f"s{n}.", entry["file"])} for n in range(1, 400)]
    case.record["predictions"] += case.pick(
        [[entry], [dict(entry, cost=None)], others[:3], others, [entry] * 100]
    )
    case.write_record()


@mutation(FAMILY)
def what_is_pinned(case: Mutant) -> None:
    task = case.file.partition("/")[0]
    word = case.pick(
        [
            "a.b=1",
            "runs=/tmp/x",
            "+hydra.run.dir=/",
            "release=xl",
            "x=${oc.env:HOME}",
            "baseline=../../x",
            "x",
            "--help",
            "a=`id`",
            "fence=off",
            "a=1\n",
            "seed=1",
            "_target_=os.system",
            "baseline.method._target_=os.system",
        ]
    )
    package = case.pick(
        [
            "mine==1.0",
            "mine",
            "mine @ https://x.example/a-1-py3-none-any.whl#sha256=" + "0" * 64,
            "../x==1",
            "-r x==1",
            "mine @ git+https://x.example/a@" + "0" * 40,
            "mine @ file:///etc/passwd",
            "mine==1.0 --index-url=x",
        ]
    )
    case.record["pinned"] = {"package": package, "overrides": {case.pick([task, task, "nowhere"]): [word]}}
    case.write_record()


@mutation(FAMILY)
def other_versions_and_data(case: Mutant) -> None:
    versions, task = case.record["versions"], case.file.partition("/")[0]
    change = case.pick(
        [
            {"data": "9.9.9"},
            {"data": "0.2.0"},
            {"tasks": {task: 99}},
            {"tasks": {}},
            {"data": "../x"},
            {"tasks": {**versions["tasks"], "nowhere": 1}},
        ]
    )
    if case.draw.random() < 0.5:
        versions.update(change)
    else:
        case.record["data"] = case.pick(
            [
                "0.4.0/full",
                "0.4.0/xl",
                "round/other",
                "9.0.0/tiny",
                "0.4.0/tiny.w3",
                "../tiny",
                "0.4.0/tiny\n",
                "round/..",
            ]
        )
    case.write_record()
