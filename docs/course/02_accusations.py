# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Base rates and the cost of a false accusation
#     minutes: 50
#     question: If a good program flags an advert, how likely is it right, and who pays where it is not?
#     words: ["accused, accusation", operation, base rate, prevalence, "precision, recall", lawful, bootstrap interval]
# ---

# %% [markdown]
# # 2 · Base rates, harm, and the cost of a false accusation
#
# **The question.** A program finds nine in ten adverts of trafficking operations, and is wrong about only one in twenty
# of the others. It flags an advert. How likely is it right? Write down a guess before you read on.
#
# **What you will be able to do.** Answer that question with a picture and without a formula; compute what a find
# *costs* in lawful operations accused; say whether the data can tell who pays most.
#
# Everything here is synthetic. About 50 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Guess and picture 10 min, exercises 1 and 2 10 min, raters and exercise 3 15 min, exercise 4 5 min,
# discussion 10 min. Collect the guesses on the board before anybody runs a cell: most say 90% or 95%.
#
# **What students get wrong.**
# - *They confuse recall with precision* ("it finds 90%, so a flag is right in 90%"). Make them say what the share is
#   *of*: of trafficking operations' adverts, or of flagged adverts?
# - *They return 0 where nothing is flagged.* A share of nothing is not 0: exercise 2 wants `None`.
# - *In exercise 3 they count adverts.* An operation with ten flagged adverts is accused once.
# - *They add spam to the lawful.* Spam is counted apart, in tipbench as here: it would make any method look harmless.
# - *They conclude that raters are bad people.* Raters see what an advert says. Migrants write in other languages and
#   have fewer choices of words. The bias is in what the sign means, and any program that learns from raters has it too.
#
# **Care.** The last part speaks of accusations of sex workers and migrants. Say at the start that students may step out.

# %%
import math

import numpy as np
import polars as pl
from tipcourse import checks, figure, table

check = checks("accusations")

# %% [markdown]
# ## A picture before a formula
#
# One square is one advert. There are 1,000. The 20 orange squares are adverts of trafficking operations; a dark frame is
# a flag of the program: it marks an advert for a person to look at.

# %%
prevalence, recall, false_positive_rate = 0.02, 0.9, 0.05
adverts = 1000
positives = round(adverts * prevalence)
found = round(positives * recall)
false_alarms = round((adverts - positives) * false_positive_rate)

fig, ax = figure("1,000 adverts: which of the framed ones are orange?", height=3.4)
row, column = np.divmod(np.arange(adverts), 50)
colours = np.where(np.arange(adverts) < positives, "#d55e00", "#dfe4ea")
framed = (np.arange(adverts) < found) | (np.arange(adverts) >= adverts - false_alarms)
ax.scatter(column, -row, c=colours, marker="s", s=34, edgecolors=np.where(framed, "#1f2933", "none"), linewidths=1.2)
ax.axis("off")
print(f"{found + false_alarms} flags, {found} of them right")

# %% [markdown]
# The program did what it promised, and most flags are wrong. The reason is the *base rate* (or *prevalence*): orange
# squares are few, so that a small share of the many grey ones outnumbers them.
#
# ### Exercise 1
#
# Do the counting of the picture. Of `n` adverts a share `prevalence` is of trafficking operations; the program flags a
# share `recall` of these, and a share `false_positive_rate` of all others. Return `[right, wrong]`: how many flags are
# right and how many are wrong, on average (no rounding).

# %% tags=["exercise"] points=2
def flags(n, prevalence, recall, false_positive_rate):
    """Return [right flags, wrong flags] of n adverts, on average."""
    # answer
    positive = n * prevalence
    return [positive * recall, (n - positive) * false_positive_rate]
    # end of answer

# %% tags=["cases"]
def cases_flags(draw):
    yield (1000, 0.02, 0.9, 0.05), "20 adverts are of trafficking operations, 980 are not"
    yield (1000, 0.0, 0.9, 0.1), "Where there is nothing to find, every flag is wrong"
    yield (500, 1.0, 0.5, 0.1), "Where all are, no flag is wrong"
    shares = draw.uniform(0.01, 0.9, 3).round(3).tolist()
    yield (int(draw.integers(100, 9000)), *shares), "Right flags are of n * prevalence, wrong flags are of the rest, and nothing is rounded"

# %% [markdown]
# ### Exercise 2
#
# Of all flags, which **share is right**? It is called *precision*, or *positive predictive value*. You may use
# `flags`, with any `n`: a share does not depend on it. Where nothing is flagged return `None`.

# %% tags=["exercise"] points=2
def precision(prevalence, recall, false_positive_rate):
    """Return the share of flags that is right; None where nothing is flagged."""
    # answer
    right, wrong = flags(1, prevalence, recall, false_positive_rate)
    return right / (right + wrong) if right + wrong else None
    # end of answer

# %% tags=["cases"]
def cases_precision(draw):
    yield (0.02, 0.9, 0.05), "18 of 1,000 are right flags and 49 are wrong ones"
    yield (0.5, 0.9, 0.05), "Where every other advert is positive, most flags are right"
    yield (0.1, 0.0, 0.0), "Nothing is flagged, so there is no share: None"
    yield (0.0, 0.9, 0.05), "Where there is nothing to find, no flag is right: 0"
    yield tuple(draw.uniform(0.01, 0.9, 3).round(3).tolist()), "Divide right flags by all flags"
    yield (round(float(draw.uniform(0.01, 0.9)), 3), 0.0, 0.0), "Nothing is flagged, so there is no share: None"

# %% [markdown]
# The same program at every base rate; each step to the left is rarer by the same factor. Papers often test where half of the adverts are positive (right end); at a real
# site it may be one in a hundred or fewer (left end).

# %%
rates = np.logspace(-3, math.log10(0.5), 60)
right = rates * 0.9
fig, ax = figure("One program, every base rate: how many flags are right?", height=2.8)
ax.plot(rates, right / (right + (1 - rates) * 0.05), color="#0072b2", lw=2)
ax.set(xscale="log", ylim=(0, 1), xlabel="base rate: adverts of trafficking operations among all", ylabel="precision")
ax.set_xticks([0.001, 0.01, 0.05, 0.5], ["1 in 1,000", "1 in 100", "1 in 20", "1 in 2"]);

# %% [markdown]
# ## Now with data: two people rate adverts
#
# In the release `tiny` two people have scored each advert from 0 (certainly no sign of trafficking) to 6 (certainly one). Much
# of the literature learns from such scores, as *expert labels*. Here we know the truth beside them. We flag an advert
# when the mean of its two scores is at least 4: a *threshold* is the score from which one flags. In the table `flagged` is
# the share of a kind's adverts that is flagged.

# %%
rated = (
    table("annotations").group_by("advert").agg(score=pl.col("score").mean())
    .join(table("adverts", truth=True).select("advert", "operation"), on="advert")
    .join(table("operations", truth=True).select("operation", "kind", "migrant"), on="operation")
    .filter(pl.col("kind") != "spam")
)
flagged = rated.with_columns(flagged=pl.col("score") >= 4)
flagged.group_by("kind").agg(adverts=pl.len(), flagged=pl.col("flagged").mean().round(3)).sort("kind")

# %% [markdown]
# Spam is left out: it is counted apart, and is in no lawful total. Go one step further: a person is harmed not once
# per advert but when *they* come under suspicion. So we count operations: one is **accused** where any advert of it is
# flagged.
#
# ### Exercise 3
#
# `rows` is a list of triples `(operation, is_trafficking, is_flagged)`, one per advert. Return **accused per find**: the
# number of lawful operations accused, divided by the number of trafficking operations found. Where none is found
# return `None`: no price can be put on finding nothing.

# %% tags=["exercise"] points=3
def accused_per_find(rows):
    """Return lawful operations accused for each trafficking operation found; None where none is found."""
    # answer
    found = {operation for operation, trafficking, flag in rows if trafficking and flag}
    accused = {operation for operation, trafficking, flag in rows if not trafficking and flag}
    return len(accused) / len(found) if found else None
    # end of answer

# %% tags=["cases"]
def cases_accused_per_find(draw):
    yield ([[1, True, True], [2, False, True], [3, False, True]],), "Two lawful operations are accused for one that is found"
    yield ([[1, True, True], [2, False, True], [2, False, True]],), "Operation 2 is accused once, however many of its adverts are flagged"
    yield ([[1, True, False], [2, False, True]],), "Nothing is found, so there is no price: None"
    yield ([[1, True, True], [1, True, False], [2, False, False]],), "An operation is found where any of its adverts is flagged; nobody is accused here"
    operations = draw.integers(0, 25, 60)
    rows = [[int(one), bool(one < 6), bool(draw.random() < 0.3)] for one in operations]
    yield (rows,), "Collect operations in sets: those found, and those accused"
    yield ([[one, kind, flag and not kind] for one, kind, flag in rows],), "Nothing is found, so there is no price: None"

# %%
def price(threshold):
    """Operations found, of how many, and lawful ones accused, where adverts of this score or more are flagged."""
    hit = rated.filter(pl.col("score") >= threshold)
    found = hit.filter(pl.col("kind") == "trafficking")["operation"].n_unique()
    return found, hit.filter(pl.col("kind") != "trafficking")["operation"].n_unique()


thresholds = np.arange(1, 6.5, 0.5)
prices = np.array([price(threshold) for threshold in thresholds])
all_trafficking = rated.filter(pl.col("kind") == "trafficking")["operation"].n_unique()
fig, ax = figure("What each threshold finds, and whom it accuses", height=3)
ax.plot(prices[:, 0], prices[:, 1], "o-", color="#0072b2")
for threshold, (found, accused) in zip(thresholds[::2], prices[::2], strict=True):
    ax.annotate(f"score ≥ {threshold:g}", (found, accused), xytext=(-6, 6), textcoords="offset points", ha="right")
ax.set(xlim=(0, all_trafficking * 1.05), ylim=(0, None), xlabel=f"trafficking operations found, of {all_trafficking}",
       ylabel="lawful operations accused");

# %% tags=["holds"]
assert all(prices[thresholds <= 5, 1] > prices[thresholds <= 5, 0]), "more are accused than found"

# %% [markdown]
# Read the numbers on both axes: the upright scale is far longer. At nearly every threshold more lawful operations are accused than
# trafficking operations are found, often many times more. Moving the threshold moves the price and does not remove it.
#
# ## Who pays?

# %%
lawful = rated.filter(pl.col("kind") != "trafficking").with_columns(flagged=pl.col("score") >= 4)
groups = {
    "business": pl.col("kind") == "business",
    "independent": pl.col("kind") == "independent",
    "migrant": pl.col("migrant"),
    "not migrant": ~pl.col("migrant"),
}
accused = {}
for name, group in groups.items():
    operations = lawful.filter(group).group_by("operation").agg(pl.col("flagged").any())
    accused[name] = (operations["flagged"].mean(), operations.height)
fig, ax = figure("Lawful operations accused at score ≥ 4", height=2.4)
ax.barh(list(accused), [share for share, _ in accused.values()], color="#0072b2", height=0.55)
ax.invert_yaxis()
for row, (share, number) in enumerate(accused.values()):
    ax.text(share, row, f" {share:.0%} of {number:,}", va="center")
ax.set(xlabel="share of the group's operations", xlim=(0, 1.3 * max(share for share, _ in accused.values())));

# %% [markdown]
# `business` and `independent` are two kinds of lawful operation. A `migrant` operation writes in a language outside the
# majority of its region; it is a business or an independent as well, so the four bars do not add up.
#
# Which bar is the longest, and by how much? Before you name a worst group, read on.

# %% [markdown]
# ## Is `tiny` large enough for this?
#
# The bars rest on the numbers of operations beside them. Draw other operations of the same kind and each bar moves. The
# cell below does that 500 times: the line, a *bootstrap interval*, is where 95% of the redrawn shares lie.

# %%
draw = np.random.default_rng(1)
lines = {}
fig, ax = figure("The same shares, with how far chance moves them", height=2.4)
for row, (name, group) in enumerate(groups.items()):
    hits = lawful.filter(group).group_by("operation").agg(pl.col("flagged").any())["flagged"].to_numpy()
    redrawn = draw.choice(hits, (500, len(hits))).mean(axis=1)
    low, high = lines[name] = np.quantile(redrawn, [0.025, 0.975])
    ax.plot([low, high], [row, row], color="#0072b2", lw=6, alpha=0.35, solid_capstyle="butt")
    ax.plot(hits.mean(), row, "o", color="#0072b2")
ax.set(yticks=range(4), yticklabels=list(groups), xlabel="share of the group's operations accused", xlim=(0, None),
       ylim=(3.5, -0.5));

# %% [markdown]
# Where two lines overlap widely, `tiny` cannot tell the groups apart, and you should not say that it does. On larger
# releases the lines are shorter.
#
# ### Exercise 4 (no programming)
#
# May you write, on the strength of this picture: *"migrant operations are accused more often than businesses"*? Answer
# `"yes"` or `"no"`.

# %% tags=["exercise"] points=1
# answer
may_be_written = "no"
# end of answer

# %% tags=["cases"]
options_may_be_written = ["yes", "no"]
hint_may_be_written = "Compare the lines of the two groups, and not only their dots"

# %% tags=["holds"]
(low, high), dot = lines["business"], accused["migrant"][0]
assert low < dot < high, "the lines overlap, so that the answer is no"

# %% [markdown]
# ## What the number does not mean
#
# - A flag does **not** mean that somebody is a victim or an offender. It means: a person should look.
# - High precision in a paper does **not** carry over to another base rate. Ask: "Precision at which prevalence?"
# - A low *accused per find* of a method that finds almost nothing is worth little: who accuses nobody because nothing
#   is flagged has earned no number.
# - That one group is accused more here does **not** estimate by how much it is in the field. It shows that the same
#   threshold can weigh on groups unequally, and that nobody sees it who does not count.
#
# ## Discussion: ethics
#
# 1. How many lawful operations may be accused for each trafficking operation found? Who may decide that number: police,
#    a parliament, those who would be accused, survivors?
# 2. An independent worker is visited by officers because of a score. List what it can cost, from an hour to a home.
# 3. Would you show the score of an advert to the officer who decides about the visit? To the person visited?
