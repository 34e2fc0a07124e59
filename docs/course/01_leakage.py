# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Leakage and splits
#     minutes: 45
#     question: Why does a method look so good in the paper and so poor at work?
#     words: [operation, "split, part", leakage, drift, bootstrap interval, prevalence]
# ---

# %% [markdown]
# # 1 · Leakage and splits
#
# **The question.** A team reports that its program tells adverts of trafficking operations from lawful ones almost
# without error. A helpline tries it on next month's adverts and finds it no better than chance. Nobody lied. What went
# wrong?
#
# **What you will be able to do.** Say what a *split* is; see *leakage* in a picture; ask any author the one question
# that finds it.
#
# Everything here is synthetic: no advert, no person and no town is real. About 45 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Reading and pictures 15 min, exercises 1 to 3 15 min, the experiment and exercise 4 5 min, discussion
# 10 min. The first run makes the release `tiny` (about 15 s).
#
# **What students get wrong.**
# - *They count adverts in the place of operations.* Exercise 1 asks for operations; a set removes repeats.
# - *They believe that a random split is the fair one*, because chance favours nobody. It is fair to adverts, and the
#   question is about operations. Ask: "Who posts tomorrow's adverts?"
# - *They read average precision as a share of right answers.* It is not: .05 is what a constant score gets here.
# - *They call a small difference drift.* The intervals of `operation` and `forward` overlap, so `tiny` cannot tell the two
#   apart. That is the lesson, not a fault.
#
# **Without programming.** Exercise 3 needs none. Exercises 1 and 2 can be done in pairs, one of whom has written Python.

# %%
import math

import numpy as np
import polars as pl
import tipbench
from tipcourse import checks, figure, table

check = checks("leakage")

# %% [markdown]
# ## Who posts adverts
#
# An *operation* is whoever is behind some adverts: one person who works alone, a business, a spammer, or a trafficking
# operation. In this simulated world we know which is which. Outside, nobody does: that is why the world is simulated.

# %%
adverts = table("adverts", truth=True)
operations = table("operations", truth=True)
posted = adverts.join(operations.select("operation", "kind"), on="operation")
print(f"{posted.height:,} adverts of {posted['operation'].n_unique():,} operations")
posted.group_by("kind").agg(adverts=pl.len(), operations=pl.col("operation").n_unique()).sort("adverts")

# %% [markdown]
# Most adverts are re-posts: the same text again, with a word or a price changed. Each bar below is one operation.

# %%
per_operation = posted.group_by("operation", "kind").len("adverts").sort("adverts", descending=True)
fig, ax = figure("Adverts of each operation, from the busiest to the quietest")
trafficking = (per_operation["kind"] == "trafficking").to_numpy()
order = np.arange(per_operation.height)
ax.bar(order, per_operation["adverts"], width=1, color="#c9d1d9", label="other operations")
ax.bar(order[trafficking], per_operation["adverts"].filter(trafficking), width=3, color="#d55e00",
       label="trafficking operations")
ax.set(xlabel="operations, busiest first", ylabel="adverts")
ax.legend(loc="upper right");

# %% [markdown]
# ## Three ways to divide
#
# To learn whether a program works we hide some adverts from it (the *test*) and let it learn from others (*train*).
# The rule by which we divide is the *split*:
#
# - `random`: each advert is dealt out by chance, as one deals cards. Most papers do this.
# - `operation`: whole operations are dealt out. What one operation posted is all on one side.
# - `forward`: whole operations, and the test comes later in time. It is what a helpline meets.

# %% [markdown]
# The next cell divides the adverts in each of the three ways. (`labels="truth"`: the program will learn from the truth.
# That is better than any real program has it, so the difference that you will see is not for want of good examples.)

# %%
folds = {split: tipbench.load("advert_risk", release="tiny", split=split, labels="truth")
         for split in ("random", "operation", "forward")}


def operations_of(fold, part):
    """The operations behind the adverts of a part, one entry per advert."""
    units = fold.units(part).collect()
    return units.join(adverts.select("advert", "operation"), on="advert")["operation"].to_list()


sides = {split: (operations_of(fold, "train"), operations_of(fold, "test")) for split, fold in folds.items()}

# %% [markdown]
# ### Exercise 1
#
# `train` and `test` are lists: for every advert, the number of its operation. How many operations stand on **both**
# sides? An operation counts once, however many adverts it has. (`set(train)` is the list without repeats;
# `a & b` is what two sets have in common.)

# %% tags=["exercise"] points=2
def shared_operations(train, test):
    """Return how many operations are in both lists."""
    # answer
    return len(set(train) & set(test))
    # end of answer

# %% tags=["cases"]
def cases_shared_operations(draw):
    yield ([1, 1, 2], [2, 3]), "Operation 2 alone is in both lists"
    yield ([5, 5, 5], [5, 5]), "An operation counts once, however many adverts it has"
    yield ([1, 2], [3, 4]), "Where no operation is on both sides, the answer is 0"
    yield ([], [7]), "An empty list shares nothing"
    train = draw.integers(0, 30, 40).tolist()
    yield (train, draw.integers(0, 30, 25).tolist()), "Turn both lists into sets, and count what they have in common"

# %% [markdown]
# ### Exercise 2
#
# Now from the side of the test: which **share of the test's adverts** comes from an operation that is also in train?
# Here every advert counts. Where the test is empty, return `None`: a share of nothing is not 0.

# %% tags=["exercise"] points=2
def share_seen(train, test):
    """Return the share of the test's entries whose operation is in train too; None for an empty test."""
    # answer
    if not test:
        return None
    known = set(train)
    return sum(operation in known for operation in test) / len(test)
    # end of answer

# %% tags=["cases"]
def cases_share_seen(draw):
    yield ([1, 1, 2], [2, 2, 3, 4]), "Two of four adverts of the test are of operation 2, which train has"
    yield ([1], [1, 1, 1]), "All of the test is known: the share is 1"
    yield ([1, 2], [3]), "None of the test is known: the share is 0"
    yield ([1, 2], []), "A share of nothing is None, and not 0"
    train = draw.integers(0, 30, 20).tolist()
    yield (train, draw.integers(0, 30, 37).tolist()), "Count adverts of the test, not operations, and divide by how many there are"
    yield (draw.integers(0, 30, 6).tolist(), []), "A share of nothing is None, and not 0"

# %% [markdown]
# Now look. If your answers pass, the picture below is drawn by them.

# %%
def share_known(train, test):
    known = set(train)
    return sum(operation in known for operation in test) / len(test)


shares = {split: share_known(*both) for split, both in sides.items()}
fig, ax = figure("Adverts of the test whose operation was already in train", height=2.2)
ax.barh(list(shares), list(shares.values()), color=["#d55e00", "#0072b2", "#0072b2"], height=0.55)
ax.set(xlim=(0, 1), xlabel="share of the test's adverts")
ax.invert_yaxis()
for row, share in enumerate(shares.values()):
    ax.text(share + 0.01, row, f"{share:.0%}", va="center")

# %% tags=["holds"]
assert shares["random"] > 0.8
assert shares["operation"] == shares["forward"] == 0

# %% [markdown]
# ### Exercise 3 (no programming)
#
# In which of the three splits could a program get a good score by **remembering** operations, without learning
# anything about trafficking? Write its name between quotes.

# %% tags=["exercise"] points=1
# answer
leaky_split = "random"
# end of answer

# %% tags=["cases"]
options_leaky_split = ["random", "operation", "forward"]
hint_leaky_split = "In which split does the test hold operations that train holds too"

# %% [markdown]
# ## The experiment
#
# One program, three splits. It is simple: it counts words of an advert's title and text, and learns which words go with
# trafficking operations. It gives each advert a number: the higher, the more suspicious. Nothing about it changes between
# the splits.

# %%
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

words = HashingVectorizer(n_features=2**16, alternate_sign=False)


def texts(units):
    return words.transform((units["title"] + " " + units["body"]).to_list())


def scores_of(fold):
    """Learn from train, and score every advert that is asked for."""
    train, labels = fold.units("train").collect(), fold.labels("train").collect()
    program = LogisticRegression(C=10, solver="liblinear", class_weight="balanced")
    program.fit(texts(train), labels["label"].to_numpy())
    asked = fold.to_predict().collect()
    return asked.select("advert", score=pl.Series(program.predict_proba(texts(asked))[:, 1]))


results = {split: tipbench.evaluate("advert_risk", scores_of(fold), release="tiny", split=split, replicates=200)
           for split, fold in folds.items()}

# %%
fig, ax = figure("The same program, judged by three splits", height=2.4)
found = {split: result.scores["average_precision"] for split, result in results.items()}
for row, score in enumerate(found.values()):
    if score.low is not None:
        ax.plot([score.low, score.high], [row, row], color="#0072b2", lw=6, alpha=0.35, solid_capstyle="butt")
    ax.plot(score.value, row, "o", color="#0072b2")
    ax.text((score.high or score.value) + 0.02, row, f"{score.value:.2f}", va="center")
ax.axvline(0.05, color="#56616e", ls="--", lw=1)
ax.text(0.055, 2.55, "a score that is the same for all adverts", color="#56616e", va="bottom")
ax.set(xlim=(0, 1), ylim=(2.6, -0.6), xlabel="average precision at 5% prevalence", yticks=range(3), yticklabels=list(found));

# %% [markdown]
# **How to read it.** *Average precision* is one number for the whole test, between 0 and 1. It is high where the adverts of
# trafficking operations get the highest numbers. It is **not** a share of right answers: a program that gives all adverts
# the same number gets the dashed line, not zero. ("At 5% prevalence": as if 1 in 20 adverts were of a trafficking
# operation, so that the three splits can be compared.) The pale bar is the *bootstrap interval*: draw other operations, and the score would mostly fall within it.
#
# How wide an interval is depends on how many trafficking operations the test holds. The next cell counts them.

# %%
positive = set(operations.filter(pl.col("kind") == "trafficking")["operation"])
counted = {split: len(positive & set(test)) for split, (_, test) in sides.items()}
for split, score in found.items():
    print(f"{split}: {counted[split]} trafficking operations in the test; interval {score.low:.2f} to {score.high:.2f}")

# %% tags=["holds"]
assert found["random"].value > 3 * found["operation"].value
assert found["operation"].value < 0.2
assert found["forward"].value < 0.2
assert found["random"].low > 2 * max(found["operation"].high, found["forward"].high)
assert max(found["operation"].low, found["forward"].low) < min(found["operation"].high, found["forward"].high)
assert abs(found["operation"].value - found["forward"].value) < 0.05
assert 20 <= counted["forward"] < counted["operation"] / 2

# %% [markdown]
# The interval of `random` lies far above the other two: this difference is shown. The intervals of `operation` and `forward`
# overlap: whether anything is lost as time passes is **not** shown.
#
# **`tiny` is too small for the second question.** The test of `forward` holds few trafficking operations. Hundreds of
# adverts do not help: adverts of one operation are copies, and a copy is no new evidence. (With fewer than twenty
# trafficking operations in a test, the evaluation gives no interval at all.)
#
# ## Two differences with names
#
# - **leakage** = score on `random` − score on `operation`: what was gained by remembering.
# - **drift** = score on `operation` − score on `forward`: what is lost because the world changes with time. Where the two
#   intervals overlap, do not report it.
#
# ### Exercise 4
#
# `scores` is a dictionary such as `{"random": 0.7, "operation": 0.1, "forward": 0.05}`. Return both differences as a
# list `[leakage, drift]`. A negative difference stays negative. Where a score is missing (`None`), a difference that
# needs it is `None` too.

# %% tags=["exercise"] points=3
def leakage_and_drift(scores):
    """Return [leakage, drift]; None in the place of a difference that cannot be taken."""
    # answer
    def less(one, other):
        if scores[one] is None or scores[other] is None:
            return None
        return scores[one] - scores[other]

    return [less("random", "operation"), less("operation", "forward")]
    # end of answer

# %% tags=["cases"]
def cases_leakage_and_drift(draw):
    yield ({"random": 0.7, "operation": 0.1, "forward": 0.05},), "leakage is random - operation, drift is operation - forward"
    yield ({"random": 0.2, "operation": 0.3, "forward": 0.3},), "A negative leakage stays negative: nothing was gained by remembering"
    yield ({"random": 0.7, "operation": 0.1, "forward": None},), "Without a score on forward there is no drift, but there is a leakage"
    yield ({"random": None, "operation": 0.4, "forward": 0.1},), "Without a score on random there is no leakage, but there is a drift"
    drawn = draw.uniform(0, 1, 3).round(3).tolist()
    yield (dict(zip(["random", "operation", "forward"], drawn, strict=True)),), "leakage is random - operation, drift is operation - forward"
    drawn[int(draw.integers(0, 3))] = None
    yield (dict(zip(["random", "operation", "forward"], drawn, strict=True)),), "Without one of its two scores a difference is None"

# %% [markdown]
# ## What the number does not mean
#
# - A high score on `random` does **not** mean that new operations would be found. It may mean that old ones are
#   remembered.
# - A low score on `operation` does **not** mean that the task cannot be solved: this program counts words, and
#   words say little. The oracle in `results/README.md` of tipbench shows what the facts that adverts state could tell.
# - No score here estimates what would happen in the field: the world is a set of stated assumptions.
#
# **The one question to ask an author:** *"Could adverts of one operation stand in both train and test?"*
#
# ## Discussion: ethics
#
# A vendor shows a police force a score from a random split, in good faith. The force buys the program, and its officers
# visit the people behind the adverts with the highest scores.
#
# 1. Who is harmed first when the program turns out to be no better than chance? Think of lawful operations: independent
#    workers, businesses, migrants among them.
# 2. Who should have had to show the other split: the vendor, the buyer, the journal, the funder?
# 3. Is it acceptable to use real people's adverts to find out?
