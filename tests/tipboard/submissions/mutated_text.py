"""Mutations of text that others are shown: signs that hide, obey or lead elsewhere; in fields, names, more files."""

from __future__ import annotations

import json

from mutated_case import Mutant, mutation

FAMILY = "text"
UNSEEN = [
    "\u202e",
    "\u2066",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\x00",
    "\x1b[31m",
    "\n",
    "\r",
    "\t",
    "\x7f",
    "\x85",
    "\ue000",
    "\U000e0041",
    "\uffff",
    "\ufe0f",
    "\u3164",
    "\u2800",
    "\u034f",
    "\u061c",
    "\x9b",
    "\u180e",
    "\U000e0101",
    "\ud800",
]
MARKUP = [
    "<script>alert(1)</script>",
    "</title><svg/onload=alert(1)>",
    "{{7*7}}",
    "${jndi:ldap://x.example/a}",
    "[a](javascript:alert(1))",
    "| a | b |",
    "\\write18{id}",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE results;--",
    "$(id)",
    "[red]x[/red]",
    "::set-output name=a::b",
    "##[error]x",
    "%n%n%s",
    "<!--",
    "]]>",
    "../../etc/passwd",
    "\\u202e",
    "&lt;b&gt;",
    "ملف",
    "測試",
    "Ελληνικά",
]
ODD = [
    "",
    " ",
    " x",
    "x ",
    "\u00a0",
    "e\u0301tude",
    "a" + "\u0301" * 40,
    "\u212b",
    "z" * 501,
    "z" * 60_000,
    "\u3000x",
    "😀" * 400,
]
ADDRESSES = [
    "http://x.example",
    "https://",
    "javascript:alert(1)",
    "https://user:pw@x.example",
    "https://x.example/\u202e",
    "https://пример.example",
    "https://x.example/ y",
    "file:///etc/passwd",
    "https://x.example:99999999",
    "https://localhost",
    "data:text/html,x",
    "https://x.example/" + "a" * 400,
    "https://x.example/\n",
    "//x.example",
    "https://x.example",
]
NAMES = [
    "",
    "A",
    "acme/..",
    "..",
    "acme--x",
    "-a",
    "a-",
    "tipbench",
    "own",
    "acmе",
    "a b",
    "a\n",
    "a" * 41,
    "con",
    "a.b",
    "\u202e",
    "__class__",
]


def put(case: Mutant, text: str) -> None:
    """Put a text into one of the fields that hold text."""
    author = case.record["authors"][0]
    holder, key = case.pick(
        [
            (case.record, "title"),
            (case.record, "summary"),
            (case.record, "hardware"),
            (author, "name"),
            (author, "affiliation"),
        ]
    )
    holder[key] = text
    case.write_record()


@mutation(FAMILY, refused=True)
def signs_that_are_not_seen(case: Mutant) -> None:
    put(case, case.pick(["A method{}of ours", "{0}{0}x", "x {}x"]).format(case.pick(UNSEEN)))


@mutation(FAMILY, same=True)
def markup_that_is_shown_as_it_is(case: Mutant) -> None:
    put(case, case.pick(MARKUP))


@mutation(FAMILY, refused=True)
def text_of_another_form(case: Mutant) -> None:
    put(case, case.pick(ODD))


@mutation(FAMILY)
def addresses(case: Mutant) -> None:
    case.record[case.pick(["paper", "code"])] = case.pick(ADDRESSES)
    case.write_record()


@mutation(FAMILY)
def names_of_team_and_method(case: Mutant) -> None:
    case.record[case.pick(["team", "method"])] = case.pick(NAMES)
    case.write_record()


@mutation(FAMILY, refused=True)
def a_name_in_the_place_of_a_key(case: Mutant) -> None:
    text = json.dumps(case.record, ensure_ascii=False)
    key = case.pick(["team", "predictions", "versions", "rows"])
    sign = case.pick(UNSEEN[:9])
    case.put_text(text.replace(f'"{key}"', json.dumps(key[:2] + sign + key[2:]), 1))


@mutation(FAMILY, refused=True)
def further_files_of_text(case: Mutant) -> None:
    name = case.pick(
        [
            "README.md",
            "CARD.md",
            "card.json",
            "LICENSE",
            ".gitattributes",
            ".git",
            "submission.json.bak",
            "Submission.json",
            "run.py",
        ]
    )
    content = case.pick([case.pick(MARKUP), case.pick(UNSEEN), "x" * 3_000_000, "# x\n" * 9_000, "\ufeff# x"])
    place = case.pick([case.folder, case.target.parent])
    (place / name).write_text(content, encoding="utf-8", errors="surrogatepass")


@mutation(FAMILY, refused=True)
def further_files_of_bytes(case: Mutant) -> None:
    name = case.pick(["README", "README.md", "metadata", "notes.txt"])
    (case.folder / name).write_bytes(
        case.pick([b"\xff\xfe\x00", b"\xed\xa0\x80", case.draw.bytes(9_000), bytes(9_000)])
    )
