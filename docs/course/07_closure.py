# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Did the closure work?
#     minutes: 50
#     question: A site was closed and adverts fell. What did the closure change, and what would have changed anyway?
#     words: [log ratio, control, placebo, displaced share]
# ---

# %% [markdown]
# # 7 · Did the closure work?
#
# **The question.** Authorities closed the largest site. Four weeks later there were far fewer adverts; half a year later
# there were nearly as many as before. Did it work? Compared with what?
#
# **What you will be able to do.** Compute an effect in two ways; say what each of them assumes; tell a move from a fall;
# say what a handful of regions can prove.
#
# Sites and regions are invented. About 50 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** The series 10 min, exercises 1 and 2 15 min, against the truth 5 min, moving 10 min, discussion 10 min.
#
# **What students get wrong.**
# - *They subtract counts.* A region with many adverts then dominates. Ratios compare; their logarithms add up.
# - *They read a log ratio of -1.4 as "minus 140%".* `exp(-1.4)` is about a quarter: a quarter is left.
# - *They believe that a control must look like the region in level.* It has to move like it.
# - *They take "adverts" for "exploitation".* Fewer adverts on open sites can mean fewer people, or people who are harder
#   to reach for helpers.

# %%
import math

import numpy as np
import polars as pl
from tipcourse import checks, figure, table

check = checks("closure")
market = table("market").drop_nulls("platform")
interventions = table("interventions")
closures = interventions.filter(pl.col("kind") == "closure").sort("region")
closures.select("region", "platform", "day")

# %% [markdown]
# ## Look first
#
# All adverts of a region per week, on all sites together, divided by their number before the closure. One colour is a region
# in which a site closed; grey are regions in which none did, cut at the same day.

# %%
weekly = market.group_by("region", week=pl.col("day") // 7).agg(pl.col("adverts").sum()).sort("region", "week")


def series(region, day, weeks=26):
    """Weekly adverts around a day, in units of the mean of the eight weeks before."""
    here = weekly.filter(pl.col("region") == region)["adverts"].to_numpy().astype(float)
    at = day // 7
    around = here[at - 12 : at + weeks]
    return np.arange(-12, weeks)[: len(around)], around / here[at - 8 : at].mean()


untouched = sorted(set(range(8)) - set(closures["region"]))
row = closures.row(0, named=True)
fig, ax = figure(f"Region {row['region']}, where the site {row['platform']} closed on day {row['day']}", height=3)
for region in untouched:
    ax.plot(*series(region, row["day"]), color="#aab4bf", lw=1.4)
ax.plot(*series(row["region"], row["day"]), color="#d55e00", lw=2.2)
ax.axvline(0, color="#56616e", ls="--", lw=1)
ax.text(0.3, ax.get_ylim()[1], "closed", color="#56616e", va="top")
ax.set(xlabel="weeks since the closure", ylabel="adverts, before = 1", ylim=(0, None));

# %% [markdown]
# ## Before and after
#
# An effect is told as a **log ratio**: `log(after / before)`. 0 is no change; -0.7 is half; +0.7 is double. Logarithms are
# used because a halving and a doubling then cancel out.
#
# ### Exercise 1
#
# `before` and `after` are lists of daily counts. Return the logarithm (`math.log`) of the mean after, divided by the mean
# before. Where either mean is 0 or a list is empty, return `None`.

# %% tags=["exercise"] points=2
def before_after(before, after):
    """Return the log ratio of the mean after to the mean before; None where it cannot be taken."""
    # answer
    if not before or not after or sum(before) == 0 or sum(after) == 0:
        return None
    return math.log((sum(after) / len(after)) / (sum(before) / len(before)))
    # end of answer

# %% tags=["cases"]
def cases_before_after(draw):
    yield ([10, 10, 10], [5, 5]), "Half is left: log(0.5)"
    yield ([4, 6], [5, 5, 5]), "The means are equal: log(1) is 0"
    yield ([10, 12], [0, 0]), "Nothing is left, and log(0) does not exist: None"
    yield ([], [3]), "Without days before there is no ratio: None"
    yield (draw.integers(1, 90, 20).tolist(), draw.integers(1, 90, 7).tolist()), "Take means, since there may be more days before than after"
    yield (draw.integers(1, 90, 9).tolist(), [0] * int(draw.integers(1, 9))), "Nothing is left, and log(0) does not exist: None"

# %% [markdown]
# ## What would have happened anyway
#
# Seasons, laws and fashions move all regions. Take a region without a closure and see how it changed over the same days:
# the **difference in differences** is the change here minus the change there.
#
# ### Exercise 2
#
# `changed` is the log ratio of the region with the closure; `controls` is a list of log ratios of regions without. Return
# `changed` minus the mean of the controls. Without controls return `None`: then nothing says what would have happened.

# %% tags=["exercise"] points=2
def difference_in_differences(changed, controls):
    """Return the change minus the mean change of controls; None without controls."""
    # answer
    return changed - sum(controls) / len(controls) if controls else None
    # end of answer

# %% tags=["cases"]
def cases_difference_in_differences(draw):
    yield (-1.4, [0.1, -0.1]), "The controls did not change on average, so the effect is the change"
    yield (-0.5, [-0.5]), "The control fell as much: the closure changed nothing"
    yield (-0.5, [0.2, 0.4]), "The controls rose, so the fall is deeper than it looks"
    yield (-1.0, []), "Without controls there is no estimate: None"
    yield (round(float(draw.normal()), 3), draw.normal(size=4).round(3).tolist()), "Subtract the mean of the controls"
    yield (round(float(draw.normal()), 3), []), "Without controls there is no estimate: None"

# %%
effects = table("effects", truth=True).filter((pl.col("kind") == "closure") & (pl.col("outcome") == "adverts"))
daily = market.group_by("region", "day").agg(pl.col("adverts").sum())


def change(region, day, first, last):
    """The log ratio of a window to the eight weeks before a day."""
    here = daily.filter(pl.col("region") == region)
    before = here.filter(pl.col("day").is_between(day - 56, day - 1))["adverts"].mean()
    return math.log(here.filter(pl.col("day").is_between(first, last))["adverts"].mean() / before)


rows = []
for one in effects.sort("first_day", "region").iter_rows(named=True):
    window = one["day"], one["first_day"], one["last_day"]
    mine = change(one["region"], *window)
    rows.append({
        "region": one["region"], "late": one["first_day"] > one["day"], "truth": one["truth"] / 1000, "before and after": mine,
        "difference in differences": mine - np.mean([change(region, *window) for region in untouched]),
    })
found = pl.DataFrame(rows)

# %%
fig, axes = figure("Two estimates and the truth, of each closure", panels=2, height=3.4, sharey=True)
for ax, late, title in zip(axes, (False, True), ("weeks 1 to 4", "weeks 5 to 26"), strict=True):
    here = found.filter(pl.col("late") == late).sort("region")
    y = np.arange(here.height)
    ax.plot(here["truth"], y, "|", color="#d55e00", ms=20, mew=2.5, label="truth")
    ax.plot(here["before and after"], y - 0.12, "o", color="#8a949e", label="before and after")
    ax.plot(here["difference in differences"], y + 0.12, "o", color="#0072b2", label="difference in differences")
    ax.axvline(0, color="#56616e", lw=1, ls="--")
    ax.set_title(title)
    ax.set(xlabel="log ratio of adverts", yticks=y, yticklabels=[f"region {n}" for n in here["region"]])
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncol=3);

# %% tags=["holds"]
early = found.filter(~pl.col("late"))
assert (early["truth"] < -1).all()
assert (found.filter(pl.col("late"))["truth"] > -0.5).all()

# %% [markdown]
# In the first weeks the fall is so deep that any method sees it. Later most adverts have come back, and what is left is no
# larger than what moves a market anyway. There the methods disagree, and a report can say what its author likes.
#
# ## Gone, or moved?
#
# ### Exercise 3
#
# The closed site lost `lost` adverts a week; each other site gained or lost some: `changes` is a dictionary such as
# `{"p01": 120, "p05": -20}`. Return the **displaced share**: the sum of the changes, divided by `lost`. It can be
# negative (fear takes adverts from other sites as well). Where `lost` is 0 or less, return `None`.

# %% tags=["exercise"] points=2
def displaced_share(lost, changes):
    """Return which share of the lost adverts other sites took; None where none were lost."""
    # answer
    return sum(changes.values()) / lost if lost > 0 else None
    # end of answer

# %% tags=["cases"]
def cases_displaced_share(draw):
    yield (200, {"p01": 120, "p05": -20}), "100 of 200 came back elsewhere"
    yield (200, {"p01": -10}), "Fear takes adverts from other sites too: the share is negative"
    yield (0, {"p01": 5}), "Nothing was lost, so nothing was displaced: None"
    yield (100, {}), "Without other sites nothing comes back: 0"
    changes = {f"p{k:02d}": int(n) for k, n in enumerate(draw.integers(-50, 200, 5))}
    yield (int(draw.integers(200, 900)), changes), "Add the changes, losses too, and divide by what was lost"
    yield (0, changes), "Nothing was lost, so nothing was displaced: None"

# %%
weeks = market.filter(pl.col("region") == row["region"]).group_by("platform", week=pl.col("day") // 7).agg(pl.col("adverts").sum())
wide = weeks.pivot(on="platform", index="week", values="adverts").sort("week").fill_null(0)
at = row["day"] // 7
wide = wide.filter(pl.col("week").is_between(at - 12, at + 40))
others = [name for name in sorted(wide.columns) if name not in ("week", row["platform"])]
fig, ax = figure(f"Region {row['region']}, site by site: where the adverts are", height=3)
layers = [wide[name].to_numpy() for name in (row["platform"], *others)]
shades = ["#d55e00", "#0072b2", "#56b4e9", "#009e73", "#cc79a7", "#c9a227", "#8a949e", "#aab4bf", "#dfe4ea"]
ax.stackplot(wide["week"] - at, layers, colors=shades[: len(layers)], labels=[f"{row['platform']} (closes)", *others])
ax.set(xlabel="weeks since the closure", ylabel="adverts a week")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5));

# %% [markdown]
# ## How sure can one be?
#
# Pretend that the site had closed in each region where none did, and compute the same estimate there: a **placebo**. If
# placebos are often as large as the real effect, the effect may be chance.
#
# ### Exercise 4
#
# Return the share of **all regions, the real one included,** whose estimate is at least as far from 0 as the real one
# (`abs(x)` drops the sign). It is the smallest when no placebo is.

# %% tags=["exercise"] points=2
def placebo_share(effect, placebos):
    """Return the share of regions, the real one included, with an estimate at least as far from 0."""
    # answer
    return (1 + sum(abs(one) >= abs(effect) for one in placebos)) / (1 + len(placebos))
    # end of answer

# %% tags=["cases"]
def cases_placebo_share(draw):
    yield (-1.4, [0.1, -0.2, 0.05]), "No placebo is as far from 0: one of four regions, the real one"
    yield (-0.1, [0.2, -0.3, 0.05]), "Two placebos are farther, and the real one counts too: three of four"
    yield (0.5, []), "Without placebos it is 1: nothing is shown"
    yield (0.3, [-0.3]), "As far is enough, whatever the sign"
    yield (round(float(draw.normal()), 2), draw.normal(size=9).round(2).tolist()), "Count those at least as far from 0, add one for the real region, divide by all"

# %%
print(f"regions without a closure: {len(untouched)}; so the smallest share that any effect can reach is 1 of {1 + len(untouched)}")

# %% tags=["holds"]
assert 1 / (1 + len(untouched)) > 0.05

# %% [markdown]
# **`tiny` is too small for this test, whatever the effect.** The line above says how small the share can become at best:
# far from the 1 in 20 that many journals ask for. More days do not help; more regions do.
#
# ## What the number does not mean
#
# - Fewer adverts does **not** mean fewer people exploited. No table of adverts can say that.
# - "Not significant" does **not** mean "no effect". With few regions even a large effect is not.
# - That the displaced share is low does **not** mean that the rest is gone: they may be where nobody counts.
#
# ## Discussion: ethics
#
# 1. Independent workers lost the site on which they checked clients and warned one another. Where does that appear in the
#    figures of this lesson?
# 2. Helpers and investigators lost a place where they could look. Is a closure that hides people a success?
# 3. Who should evaluate a closure: those who ordered it?
