"""The channels that the learnt similarity is made of."""

import numpy as np
import polars as pl
from tipbaselines.advert_authorship.metric_learning import channels, pair_values, spellings


def test_two_ways_to_write_a_word_are_found_by_what_surrounds_them() -> None:
    said = ["pagamos manana sin falta", "pagamos mañana sin falta", "hasta mañana", "ven mañana temprano"]
    assert spellings(said) == {"manana": "mañana", "mañana": "mañana"}


def test_words_that_do_not_look_alike_are_different_words() -> None:
    assert spellings(["buscamos un carpintero", "buscamos un jardinero", "somos jardinero"]) == {}


def test_a_short_form_is_found_where_it_stands_in_two_sentences() -> None:
    said = ["trabajo por horas", "trabajo x horas", "preguntar por ana", "preguntar x ana", "por favor"]
    assert spellings(said) == {"x": "por", "por": "por"}


def test_spelling_agrees_for_one_writer_and_disagrees_for_two() -> None:
    bodies = [
        "Pagamos manana. Ven pronto",
        "Ven pronto. Hasta manana",
        "Pagamos mañana. Ven pronto",
        "Hasta mañana",
    ]
    frame = pl.DataFrame({"title": ["a"] * 4, "body": bodies})
    found = channels(frame)
    alike = (found["spelt_alike"] @ found["spelt_alike"].T).toarray()
    both = (found["spelt"] @ found["spelt"].T).toarray()
    assert both[0, 1] - alike[0, 1] == 0
    assert both[0, 2] - alike[0, 2] == 1


def test_sentences_are_shared_whatever_their_spelling() -> None:
    bodies = ["Pagamos manana. Ven pronto", "Pagamos mañana. Ven pronto", "Otra cosa. Nada más"]
    sentences = channels(pl.DataFrame({"title": [""] * 3, "body": bodies}))["sentences"]
    assert np.isclose((sentences @ sentences.T).toarray()[0], [1, 1, 0], atol=1e-6).all()


def test_pairs_do_not_depend_on_how_many_rows_are_compared_at_a_time() -> None:
    bodies = [f"Sentence {i % 7} here. Another {i % 5} there. Call NNN-NNNN" for i in range(40)]
    frame = pl.DataFrame({"title": ["t"] * 40, "body": bodies})
    at_once, one_by_one = pair_values(frame, 12), pair_values(frame, 12, chunk=9)
    for a, b in zip(at_once, one_by_one, strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert not (at_once[0] == np.arange(40)[:, None]).any()


def test_inner_products_of_pairs_are_those_of_whole_matrices_bit_by_bit() -> None:
    rng = np.random.default_rng(5)
    words = [f"w{number}" for number in range(40)]
    bodies = [". ".join(" ".join(rng.choice(words, 4)) for _ in range(6)) + " NNN-NNNN" for _ in range(60)]
    frame = pl.DataFrame({"title": [f"t{i % 9}" for i in range(60)], "body": bodies})
    found, values, _ = pair_values(frame, 12)
    for column, (name, matrix) in enumerate(channels(frame).items()):
        whole = matrix @ matrix.T
        whole = whole if isinstance(whole, np.ndarray) else whole.toarray()
        pairs = np.take_along_axis(whole, found, axis=1).ravel()
        assert np.array_equal(values[:, column], pairs), name
