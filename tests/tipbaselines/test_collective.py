"""Collective classification: messages by hand, and labels that never come back to the unit that they belong to."""

import numpy as np
import pytest
from sklearn.metrics import log_loss
from tipbaselines.collective import Messages, Pairs, gather, judge_together, learn_messages, share_shown
from tipbaselines.trees import BoostedTrees

TREES = BoostedTrees(rounds=60, patience=60, learning_rate=0.1, leaves=4, leaf_size=20)
NOBODY = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def test_a_neighbour_adds_log_odds_by_bayes() -> None:
    messages = Messages(np.array([0, 1]), np.array([1, 0]), np.full(2, 0.2), np.full(2, 0.6), 2)
    positive, negative, unknown = (messages.log_odds(np.full(2, score), 0.3)[0] for score in (1.0, 0.0, 0.3))
    assert positive == pytest.approx(np.log(0.6 / 0.2))
    assert negative == pytest.approx(np.log(0.4 / 0.8))
    assert unknown == pytest.approx(0)  # the prior says nothing


def test_scores_count_only_where_no_label_is_seen() -> None:
    messages = Messages(np.array([1, 2]), np.array([0, 0]), np.full(2, 0.1), np.full(2, 0.9), 3)
    label, score = np.array([np.nan, 1.0, np.nan]), np.array([0.5, 0.1, 0.2])
    of_labels = gather(messages, label, score, 0.5, scored=False)[0]
    of_both = gather(messages, label, score, 0.5, scored=True)[0]
    assert of_labels[0] == of_both[0] == pytest.approx(np.log(9))
    assert of_both[1] == pytest.approx(np.log((0.2 * 0.9 + 0.8 * 0.1) / (0.2 * 0.1 + 0.8 * 0.9)))
    assert of_both[2] == pytest.approx(of_both[0] + of_both[1])
    assert of_both[3] == of_both[1]


def test_it_is_learnt_which_ties_connect_units_of_a_class() -> None:
    rng = np.random.default_rng(0)
    label = np.arange(2000) % 2
    one = rng.integers(0, 2000, 20_000)
    telling = np.arange(20_000) % 2
    other = np.where(telling, rng.integers(0, 1000, 20_000) * 2 + one % 2, rng.integers(0, 2000, 20_000))
    pairs = Pairs(one, other, telling[:, None].astype(np.float32), 2000)
    strength = learn_messages(pairs, np.arange(2000), label, 0).strength[:20_000]
    assert strength[telling == 1].min() > 0.9
    assert strength[telling == 0].max() < 0.1


def test_a_label_does_not_come_back_to_its_own_unit_from_its_neighbours() -> None:
    # Every unit has a tie to one of train, alike in three of four, and one to a unit that is tied to nobody else. The
    # latter's score is an echo of the unit's own label: whoever learns from it is too sure of test, where it is none.
    rng = np.random.default_rng(0)
    label, train, test = rng.integers(0, 2, 3000), np.arange(2000), np.arange(2000, 3000)
    by_class = [np.flatnonzero(label[train] == value) for value in (0, 1)]
    looked_for = np.where(rng.random(3000) < 0.75, label, 1 - label)
    partner = np.array([rng.choice(by_class[value]) for value in looked_for])
    one, other = np.append(np.arange(3000), np.arange(3000)), np.append(partner, np.arange(3000, 6000))
    pairs = Pairs(one, other, np.zeros((6000, 1), np.float32), 6000)
    own = np.zeros((6000, 1), np.float32)
    score = judge_together(own, pairs, (train, label[train]), NOBODY, test, TREES, 0, stages=2)
    # Three of four is worth a loss of .562 nats; who knows nothing has .693.
    assert log_loss(label[test], score[test]) < 0.62


def test_train_is_shown_as_many_labels_as_test_has_around_it() -> None:
    # 0 to 3 are train; 4, which is test, is tied to one of them and to 5, which has no label.
    sender, receiver = np.array([0, 1, 2, 3, 0, 5]), np.array([1, 0, 3, 2, 4, 4])
    messages = Messages(sender, receiver, np.full(6, 0.1), np.full(6, 0.9), 6)
    train = np.arange(4)
    assert share_shown(messages, train, np.array([4]), folds=2) == 1
    assert share_shown(messages, train, np.array([4]), folds=4) == pytest.approx(0.5 / 0.75)
    assert share_shown(messages, train, np.array([5]), folds=2) == 0
