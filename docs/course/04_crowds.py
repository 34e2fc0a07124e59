# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Crowds and brigades
#     minutes: 50
#     question: Many people vote on an advert. When is the majority right, and when has somebody organised it?
#     words: [gold, brigade]
# ---

# %% [markdown]
# # 4 · Crowds and brigades
#
# **The question.** A site lets reviewers vote on adverts that drew attention: *harmful*, *clear* or *unsure*. Is the
# majority right? And what if eight accounts agree beforehand to condemn somebody?
#
# **What you will be able to do.** Count votes in two ways; see why a few experts' answers make the second way possible;
# recognise the trace of a *brigade*, and say what the trace does not prove.
#
# All reviewers and votes are simulated. About 50 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Majority 15 min, weights 15 min, brigades 10 min, discussion 10 min.
#
# **What students get wrong.**
# - *They count `unsure` as clear.* It is no vote for either side; exercise 1 leaves it out.
# - *They decide ties.* A tie is no majority: `None`.
# - *They count right answers over all gold adverts in exercise 2.* Then one who always presses *harmful* gets a good weight
#   where most gold adverts are harmful, as in `tiny`, and more of the lawful are condemned.
# - *They judge a reviewer by agreement with the majority.* Where the majority is bought, this rewards the buyers. Gold
#   answers come from outside the crowd: that is their whole worth.
# - *They think that "all agree within an hour" proves a brigade.* Colleagues on one shift look the same. Ask what else
#   would have to be known.
#
# **To go further**: `tipbench run baseline=flag_aggregation/dawid_skene release=tiny` learns reviewers without gold.

# %%
import math

import numpy as np
import polars as pl
from tipcourse import checks, figure, table

check = checks("crowds")
reviews = table("reviews", truth=True)
queue = table("queue", truth=True)
behind = (
    table("adverts", truth=True).select("advert", "operation")
    .join(table("operations", truth=True).select("operation", "kind", "migrant"), on="operation")
)
print(f"{queue.height:,} adverts in the queue, {reviews.height:,} votes of {reviews['reviewer'].n_unique()} reviewers; "
      f"{queue['harmful'].mean():.0%} of the adverts are of trafficking operations")

# %% [markdown]
# ## The majority
#
# ### Exercise 1
#
# `votes` is a list of `"harmful"`, `"clear"` and `"unsure"`. Return `True` where more votes say harmful than clear,
# `False` where fewer do, and `None` at a tie. `unsure` is a vote for neither.

# %% tags=["exercise"] points=2
def majority(votes):
    """Return whether the majority says harmful; None at a tie."""
    # answer
    harmful, clear = votes.count("harmful"), votes.count("clear")
    return None if harmful == clear else harmful > clear
    # end of answer

# %% tags=["cases"]
def cases_majority(draw):
    yield (["harmful", "harmful", "clear"],), "Two against one"
    yield (["clear", "unsure", "unsure"],), "unsure is a vote for neither, so clear wins by one to nothing"
    yield (["harmful", "clear"],), "A tie is no majority: None"
    yield ([],), "Without votes there is no majority: None"
    yield ([["harmful", "clear", "unsure"][k] for k in draw.integers(0, 3, 9)],), "Count harmful and clear, and compare"

# %%
counted = reviews.group_by("advert").agg(
    harmful_votes=(pl.col("vote") == "harmful").sum(), clear_votes=(pl.col("vote") == "clear").sum()
)
decided = (
    queue.select("advert", "harmful", "brigade").join(counted, on="advert").join(behind, on="advert")
    .with_columns(condemned=pl.col("harmful_votes") > pl.col("clear_votes"))
)
right = (decided["condemned"] == decided["harmful"]).mean()
print(f"the majority is right on {right:.0%} of the adverts; calling every advert clear is right on {1 - queue['harmful'].mean():.0%}")

# %% [markdown]
# Compare the two numbers in the line above. The second depends on the queue alone: the fewer adverts are harmful, the more
# often "all are clear" is right. So a share of right answers says little. Look at each side on its own.

# %%
fig, ax = figure("Condemned by the majority", height=2.4)
names = ["trafficking", "independent", "business", "spam"]
shares = [decided.filter(pl.col("kind") == kind)["condemned"].mean() for kind in names]
ax.barh(names, shares, color=["#d55e00", "#0072b2", "#0072b2", "#c9d1d9"], height=0.55)
ax.invert_yaxis()
for row, share in enumerate(shares):
    ax.text(share + 0.01, row, f"{share:.0%}", va="center")
ax.set(xlim=(0, 1), xlabel="share of the queued adverts of each kind of operation");

# %% [markdown]
# ## Reviewers are not alike
#
# Some work with care; some press one button whatever they see; some are prejudiced; some vote for a *brigade*. A few
# adverts are **gold**: an expert has settled them, and nobody in the crowd knows which. Below is each reviewer: how often
# right, over all votes (which only a simulation can show).

# %%
voted = reviews.filter(pl.col("vote") != "unsure").join(queue.select("advert", "harmful", "gold"), on="advert")
voted = voted.with_columns(right=(pl.col("vote") == "harmful") == pl.col("harmful"))
reviewers = voted.group_by("reviewer").agg(
    votes=pl.len(), right=pl.col("right").mean(), kind=pl.col("reviewer_kind").first(),
    says_harmful=(pl.col("vote") == "harmful").mean(),
    harmful_gold=(pl.col("gold") & pl.col("harmful")).sum(), clear_gold=(pl.col("gold") & ~pl.col("harmful")).sum(),
    harmful_right=(pl.col("gold") & pl.col("harmful") & pl.col("right")).sum(),
    clear_right=(pl.col("gold") & ~pl.col("harmful") & pl.col("right")).sum(),
)
fig, ax = figure("Each dot is one reviewer", height=3.2)
for kind, colour in (("careful", "#0072b2"), ("biased", "#cc79a7"), ("spammer", "#c9a227"), ("brigade", "#d55e00")):
    these = reviewers.filter(pl.col("kind") == kind)
    ax.scatter(these["says_harmful"], these["right"], s=these["votes"] / 3 + 10, color=colour, alpha=0.8, label=kind)
ax.set(xlabel="share of votes that say harmful (a larger dot: more votes)", ylabel="share of votes that are right", ylim=(0, 1.06))
ax.legend(loc="lower left", ncol=2);

# %% [markdown]
# Those who press one button stand at the far left or right. Press *clear* always and you are right as often as adverts
# are clear: being right often is not the same as telling adverts apart.
#
# ### Exercise 2
#
# How much does one vote weigh? Gold adverts tell how reliable a reviewer is, but count the two sides apart: who always
# presses *harmful* is right on every harmful advert, and on no clear one. A reviewer was right on `harmful_right` of
# `harmful_gold` gold adverts that are harmful, and on `clear_right` of `clear_gold` that are clear.
#
# 1. The share of each side is `(right + 1) / (gold + 2)`: one right and one wrong answer are added, so that two lucky votes
#    are no proof.
# 2. `p` is the mean of the two shares.
# 3. The weight is `log(p / (1 - p))`: 0 for a coin, about 0 for one button, negative for who is mostly wrong.
#
# Return the weight.

# %% tags=["exercise"] points=2
def weight(harmful_right, harmful_gold, clear_right, clear_gold):
    """Return the weight of a reviewer's vote, from answers on gold adverts of both sides."""
    # answer
    p = ((harmful_right + 1) / (harmful_gold + 2) + (clear_right + 1) / (clear_gold + 2)) / 2
    return math.log(p / (1 - p))
    # end of answer

# %% tags=["cases"]
def cases_weight(draw):
    yield (0, 0, 0, 0), "Of a reviewer without gold answers nothing is known: both shares are one half, and the weight is 0"
    yield (8, 8, 8, 8), "Always right: both shares are 9 of 10, and so is p"
    yield (6, 6, 0, 6), "Who always presses harmful is right on one side and wrong on the other: p is one half, and the weight 0"
    yield (1, 5, 1, 4), "Mostly wrong: the weight is negative"
    yield (9, 10, 1, 2), "Take the share of each side first, and then the mean of the two shares"
    harmful, clear = int(draw.integers(3, 30)), int(draw.integers(3, 30))
    yield (int(draw.integers(0, harmful)), harmful, int(draw.integers(0, clear)), clear), "p is the mean of (right + 1) / (gold + 2) of both sides, and the weight is log(p / (1 - p))"

# %% [markdown]
# ### Exercise 3
#
# `votes` is a list of pairs `[vote, weight]`. Add the weights of those who say harmful, subtract the weights of those who
# say clear, and return the **sum** (`unsure` adds nothing). Above 0 the advert is condemned.

# %% tags=["exercise"] points=2
def weighted_sum(votes):
    """Return the sum of weights, harmful minus clear."""
    # answer
    sign = {"harmful": 1, "clear": -1, "unsure": 0}
    return sum(sign[vote] * weight for vote, weight in votes)
    # end of answer

# %% tags=["cases"]
def cases_weighted_sum(draw):
    yield ([["harmful", 2.0], ["clear", 0.5], ["clear", 0.5]],), "One careful reviewer against two of whom little is known"
    yield ([["unsure", 3.0], ["clear", 1.0]],), "unsure adds nothing"
    yield ([["harmful", -1.0]],), "Who is mostly wrong and says harmful speaks for clear"
    yield ([],), "Without votes the sum is 0"
    yield ([[["harmful", "clear", "unsure"][int(draw.integers(0, 3))], round(float(draw.normal()), 2)] for _ in range(9)],), "Add where the vote is harmful, subtract where it is clear"

# %%
shares = [(pl.col(f"{side}_right") + 1) / (pl.col(f"{side}_gold") + 2) for side in ("harmful", "clear")]
p = (shares[0] + shares[1]) / 2
reviewers = reviewers.with_columns(weight=(p / (1 - p)).log())
mean_weight = dict(reviewers.group_by("kind").agg(pl.col("weight").mean()).iter_rows())
gold_answers = (reviewers["harmful_gold"] + reviewers["clear_gold"]).median()
print(f"{queue['gold'].sum()} gold adverts; answers on gold per reviewer, median: {gold_answers:.0f}")
print("mean weight:", ", ".join(f"{kind} {value:.2f}" for kind, value in sorted(mean_weight.items())), "(spammer: one button)")

# %%
weighted = reviews.join(reviewers.select("reviewer", "weight"), on="reviewer")
sign = pl.when(pl.col("vote") == "harmful").then(1).when(pl.col("vote") == "clear").then(-1).otherwise(0)
sums = weighted.group_by("advert").agg(total=(sign * pl.col("weight")).sum())
both = decided.join(sums, on="advert").join(queue.select("advert", "gold"), on="advert").filter(~pl.col("gold"))
both = both.with_columns(weighted=pl.col("total") > 0, tie=pl.col("harmful_votes") == pl.col("clear_votes"))
fig, ax = figure("The same votes, counted in two ways (adverts that are not gold)", height=2.6)
for offset, column, colour in ((-0.18, "condemned", "#c9d1d9"), (0.18, "weighted", "#0072b2")):
    shares = [both.filter(pl.col("kind") == kind)[column].mean() for kind in names]
    ax.barh(np.arange(4) + offset, shares, color=colour, height=0.34, label={"condemned": "majority"}.get(column, column))
    for row, share in enumerate(shares):
        ax.text(share + 0.01, row + offset, f"{share:.0%}", va="center")
ax.set(yticks=range(4), yticklabels=names, xlim=(0, 1), xlabel="condemned")
ax.invert_yaxis()
ax.legend(loc="lower right");
print(f"the majority leaves {both['tie'].mean():.0%} of the adverts at a tie, weights leave {(both['total'] == 0).mean():.0%}")

# %% tags=["holds"]
assert abs(mean_weight["spammer"]) < 0.3 < 0.8 < mean_weight["careful"]
harmful = both.filter(pl.col("kind") == "trafficking")
assert harmful["weighted"].mean() > harmful["condemned"].mean()
lawful = both.filter(pl.col("kind").is_in(["independent", "business"]))
assert lawful["weighted"].mean() > lawful["condemned"].mean() / 2
assert (both["total"] == 0).mean() < 0.02 < 0.05 < both["tie"].mean()
assert 0 < gold_answers < 100
# What the note for the instructor says of counting all gold adverts as one.
right_answers, answers = (pl.col(f"harmful_{part}") + pl.col(f"clear_{part}") for part in ("right", "gold"))
pooled = reviewers.select("reviewer", pooled=((right_answers + 1) / (answers - right_answers + 1)).log())
pooled = reviews.join(pooled, on="reviewer").group_by("advert").agg(pooled=(sign * pl.col("pooled")).sum() > 0)
assert lawful.join(pooled, on="advert")["pooled"].mean() > 1.2 * lawful["weighted"].mean()
assert queue.filter("gold")["harmful"].mean() > 0.5

# %% [markdown]
# Who presses one button now counts for almost nothing, whichever button it is. More adverts of trafficking operations are
# condemned. The bars of the lawful, *independent* and *business*, move far less: taken together, weights do **not** free most
# of them. Weights also decide the ties that a majority leaves open (the printed line), and some of these against the lawful.
#
# How well weights work rests on how many gold answers each reviewer gave (the printed line): in `tiny` these are few, so
# weights are rough guesses.
#
# ## Brigades
#
# A brigade's accounts vote as others do, until their target is in the queue. Then they all come, within hours, and say
# the same. Below are the adverts that a brigade targeted, in truth.

# %%
lawful = both.filter(pl.col("kind").is_in(["independent", "business"]))
targeted = lawful.filter(pl.col("brigade").is_not_null())
others = lawful.filter(pl.col("brigade").is_null())
fig, ax = figure("Lawful adverts that are condemned, by both ways of counting", height=2.2)
for offset, column, colour in ((-0.18, "condemned", "#c9d1d9"), (0.18, "weighted", "#0072b2")):
    shares = [targeted[column].mean(), others[column].mean()]
    ax.barh(np.arange(2) + offset, shares, color=colour, height=0.34, label={"condemned": "majority"}.get(column, column))
    for row, share in enumerate(shares):
        ax.text(share + 0.01, row + offset, f"{share:.0%}", va="center")
ax.set(yticks=[0, 1], yticklabels=["a brigade's target", "other lawful"], xlim=(0, 1), xlabel="condemned")
ax.invert_yaxis()
ax.legend(loc="lower right")

# %%
changes = {}
for name, frame in (("a brigade's target", targeted), ("other lawful", others)):
    freed, anew = frame.filter(pl.col("condemned") & ~pl.col("weighted")), frame.filter(~pl.col("condemned") & pl.col("weighted"))
    changes[name] = (freed.height, anew.height)
    print(f"{name}: {frame.height} adverts of {frame['operation'].n_unique()} operations; weights free {freed.height} that "
          f"the majority condemns, and condemn {anew.height} that it does not")

# %% tags=["holds"]
assert targeted["condemned"].mean() > 2 * others["condemned"].mean()
assert targeted["weighted"].mean() < 0.7 * targeted["condemned"].mean()
assert changes["a brigade's target"][0] > changes["a brigade's target"][1]
assert mean_weight["brigade"] < mean_weight["careful"] / 2
# In tiny, as the text says of it; in worlds 1 and 3 weights free more of the others than they condemn.
assert changes["other lawful"][1] > changes["other lawful"][0]
shields = reviews.join(anew, on="advert", how="semi").filter(pl.col("vote") == "clear")
assert (shields["reviewer_kind"] == "spammer").mean() > 0.5

# %% [markdown]
# Here weights help the lawful: a brigade's accounts were wrong on gold adverts too, so they weigh little, and a few careful
# votes outdo them. But look at the last line: other lawful adverts pay. Most *clear* votes on those that weights condemn anew
# came from reviewers who press *clear* whatever they see. Such votes shield the lawful, and traffickers just as well.
#
# In other worlds made by the same rules weights also free targets and find more trafficking, but the other lawful gain in some
# and lose in most. Neither way of counting is simply better: each has a price, and different people pay it.

# %%
victims = decided.filter(pl.col("kind").is_in(["independent", "business"]))["advert"]
attack = (
    reviews.filter(pl.col("brigade").is_not_null() & (pl.col("vote") == "harmful") & pl.col("advert").is_in(victims.implode()))
    .group_by("brigade", "advert").len()
)
example = attack.sort("len", "advert", descending=True)["advert"][0]
days = table("adverts").select("advert").join(reviews, on="advert").filter(pl.col("advert") == example).sort("minute")
hours = (days["minute"] - days["minute"].min()).to_numpy() / 60
level = days["vote"].replace_strict({"harmful": 1, "unsure": 0, "clear": -1}, return_dtype=pl.Int8).to_numpy()
fig, ax = figure("The votes on one lawful advert that a brigade condemned, hour by hour", height=2.2)
inside = days["brigade"].is_not_null().to_numpy()
ax.plot(hours[~inside], level[~inside], "o", color="#0072b2", ms=9, label="other reviewers")
ax.plot(hours[inside], level[inside], "o", color="#d55e00", ms=9, alpha=0.7, label="the brigade (truth)")
ax.set(yticks=[-1, 0, 1], yticklabels=["clear", "unsure", "harmful"], ylim=(-1.6, 1.6), xlabel="hours since the first vote")
ax.legend(loc="center right");

# %% [markdown]
# ### Exercise 4
#
# Write a simple alarm. `votes` is a list of pairs `[hour, vote]` on one advert. Return the **largest number of equal
# votes within any three hours** (from some vote on, up to and including three hours later; `unsure` does not count).
# Four or more would be a reason to look.

# %% tags=["exercise"] points=3
def burst(votes):
    """Return the largest number of equal votes within three hours."""
    # answer
    largest = 0
    for start, vote in votes:
        if vote != "unsure":
            same = sum(other == vote and 0 <= hour - start <= 3 for hour, other in votes)
            largest = max(largest, same)
    return largest
    # end of answer

# %% tags=["cases"]
def cases_burst(draw):
    yield ([[0, "harmful"], [1, "harmful"], [3, "harmful"], [9, "harmful"]],), "Three votes lie within the first three hours"
    yield ([[0, "harmful"], [1, "clear"], [2, "harmful"]],), "Only equal votes count together"
    yield ([[5, "unsure"], [5, "unsure"]],), "unsure does not count"
    yield ([],), "Without votes it is 0"
    yield ([[8, "clear"], [1, "clear"], [3.5, "clear"], [4, "clear"]],), "The votes need not be in order of time"
    yield ([[round(float(draw.uniform(0, 12)), 1), ["harmful", "clear", "unsure"][int(draw.integers(0, 3))]] for _ in range(14)],), "Begin at each vote, and count equal votes up to three hours later"

# %%
clock = reviews.filter(pl.col("vote") != "unsure").select("advert", "vote", "minute")
pairs = clock.join(clock, on=["advert", "vote"], suffix="_later")
windows = pairs.filter((pl.col("minute_later") - pl.col("minute")).is_between(0, 180)).group_by("advert", "vote", "minute").len("same")
alarms = decided.join(windows.group_by("advert").agg(pl.col("same").max()), on="advert", how="left").with_columns(
    alarm=pl.col("same").fill_null(0) >= 4
)
attacked = pl.col("brigade").is_not_null()
print(f"alarm on {alarms.filter(attacked)['alarm'].mean():.0%} of targeted adverts and on {alarms.filter(~attacked)['alarm'].mean():.0%} of others")

# %% tags=["holds"]
assert alarms.filter(attacked)["alarm"].mean() > alarms.filter(~attacked)["alarm"].mean()
assert alarms.filter(attacked)["alarm"].mean() < 0.75

# %% [markdown]
# The alarm misses many adverts that a brigade targeted, and it rings where there is none: people on one shift vote at one time, and agree
# because they are right.
#
# ## What the number does not mean
#
# - A majority does **not** mean truth. It means that more accounts pressed one button.
# - A low weight does **not** mean that a reviewer is dishonest: they may not read the language of the advert.
# - An alarm does **not** prove a brigade. It says which votes a person should look at before anybody is condemned.
# - From `tiny`, say whom each way of counting harms **here**; a rate for the world needs more targets than the few that
#   were printed above.
#
# ## Discussion: ethics
#
# 1. A competitor pays eight accounts to condemn an independent worker. Her adverts are removed. Whom can she ask, what
#    may she be told, and how soon?
# 2. Should reviewers know which adverts are gold? Should they know their own weight?
# 3. Reviewers read hundreds of such adverts for little pay. What do we owe them?
