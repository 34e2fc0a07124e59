# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Graphs and money
#     minutes: 55
#     question: Which trace does money leave, and who else leaves the same one?
#     words: ["access, tier", red flag, operation, lawful]
# ---

# %% [markdown]
# # 5 · Graphs and money
#
# **The question.** Banks look for *red flags*: many people pay into one private account, and the money leaves it at once.
# It is the trace of exploitation. Of what else is it the trace?
#
# **What you will be able to do.** Draw payments as a *graph*; write a red flag as a rule; count whom the rule accuses;
# see how fast "has to do with" reaches everybody.
#
# Amounts are in XTS, the code of a currency that does not exist. Wallets and people are invented. Payments are the most
# private data of this course: only a court order opens them (tier `legal`). About 55 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Graph 10 min, the rule (exercises 1 and 2) 20 min, whom it accuses 5 min, neighbours (exercise 4) 10 min,
# discussion 10 min.
#
# **What students get wrong.**
# - *They count payments in the place of payers.* One friend who pays ten times is one payer.
# - *In exercise 2 they compare days and not minutes*, or count money that left before it came.
# - *They read "share of wallets that are lawful" as success.* It is the share of those reached who have done nothing.
# - *They take the longest bars for the groups that are hit hardest.* Exercise 3 sets a count beside a share.
# - *They want a cleverer rule.* Let them. Then show that every group has every habit in this world, as the published red
#   flags have it: a rule can be better, and none is clean.

# %%
import math

import numpy as np
import polars as pl
from tipcourse import checks, figure, table

check = checks("money")
payments = table("payments", truth=True).with_columns(illicit=pl.col("typology").is_not_null())
wallets = table("wallets", truth=True)
print(f"{payments.height:,} payments among {wallets.height:,} wallets; {payments['illicit'].sum()} payments "
      f"(1 in {round(1 / payments['illicit'].mean())}) carry proceeds or control")

# %% [markdown]
# ## A graph is dots and arrows
#
# A dot is a wallet; an arrow is a payment. Left: a wallet by which a trafficking operation collects money. Right: the
# wallet of a lawful saving circle, whose members pay in and take turns to be paid out.

# %%
def around(wallet):
    """Payments into and out of one wallet, in order of time."""
    here = payments.filter((pl.col("payee") == wallet) | (pl.col("payer") == wallet)).sort("minute")
    return here.select("minute", "payer", "payee", "amount")


def busiest(of):
    """The private wallet with the most payers among payments of one sort."""
    private = wallets.filter(pl.col("holder") == "person")["wallet"]
    found = payments.filter(of & pl.col("payee").is_in(private.implode()))
    counts = found.group_by("payee").agg(payers=pl.col("payer").n_unique()).sort("payers", "payee", descending=True)
    return counts["payee"][0]


shown = {
    "collects for a trafficking operation": (busiest(pl.col("typology") == "funnel"), "#d55e00"),
    "holds the money of a saving circle": (busiest(pl.col("group") == "circle"), "#0072b2"),
}
fig, axes = figure("Two wallets, and who pays them (left half) and is paid (right half)", panels=2, height=3.2)
for ax, (title, (wallet, colour)) in zip(axes, shown.items(), strict=True):
    here = around(wallet)
    sides = (here.filter(pl.col("payee") == wallet)["payer"].unique(), here.filter(pl.col("payer") == wallet)["payee"].unique())
    for side, (others, away) in enumerate(zip(sides, (-1, 1), strict=True)):
        for height in np.linspace(-1, 1, max(len(others), 2))[: len(others)]:
            start, end = ((away, height), (0, 0)) if side == 0 else ((0, 0), (away, height))
            ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": "#8a949e", "lw": 0.8, "shrinkA": 4, "shrinkB": 6})
            ax.plot(away, height, "o", color="#c9d1d9", ms=5)
    ax.plot(0, 0, "o", color=colour, ms=13)
    ax.set_title(title)
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    ax.axis("off")

# %% [markdown]
# Without the colour, could you say which is which?
#
# ## The rule
#
# ### Exercise 1
#
# `payments` is a list of `[minute, payer, payee, amount]`. How many **different payers** does a wallet have?

# %% tags=["exercise"] points=2
def payers_of(payments, wallet):
    """Return how many different wallets have paid this one."""
    # answer
    return len({payer for _, payer, payee, _ in payments if payee == wallet})
    # end of answer

# %% tags=["cases"]
def cases_payers_of(draw):
    yield ([[0, 1, 9, 50], [5, 2, 9, 50], [9, 9, 3, 80]], 9), "Wallets 1 and 2 pay into wallet 9; what it pays out does not count"
    yield ([[0, 1, 9, 50], [7, 1, 9, 60]], 9), "One payer who pays twice is one payer"
    yield ([], 9), "Nobody has paid it: 0"
    rows = [[int(m), int(a), int(b), int(c)] for m, a, b, c in draw.integers(1, 9, (30, 4))]
    yield (rows, 3), "Collect payers in a set, where the payee is the wallet"

# %% [markdown]
# ### Exercise 2
#
# Which **share of the payments into a wallet** is followed by a payment **out of it** within 48 hours? (A payment out
# counts if it is later than the payment in, and not more than 48 · 60 minutes later. The amounts do not matter.) Where
# nothing came in, return `None`.

# %% tags=["exercise"] points=3
def passed_on(payments, wallet):
    """Return the share of incoming payments that are followed by an outgoing one within 48 hours."""
    # answer
    incoming = [minute for minute, _, payee, _ in payments if payee == wallet]
    outgoing = [minute for minute, payer, _, _ in payments if payer == wallet]
    if not incoming:
        return None
    return sum(any(0 < out - came <= 48 * 60 for out in outgoing) for came in incoming) / len(incoming)
    # end of answer

# %% tags=["cases"]
def cases_passed_on(draw):
    yield ([[0, 1, 9, 50], [60, 9, 2, 45], [9000, 3, 9, 70]], 9), "One of two payments in is followed by a payment out within 2,880 minutes"
    yield ([[100, 1, 9, 50], [40, 9, 2, 45]], 9), "What left before the money came does not count"
    yield ([[5, 9, 2, 45]], 9), "Nothing came in: None"
    yield ([[0, 1, 9, 50], [2880, 9, 2, 45]], 9), "Exactly 48 hours still count"
    rows = [[int(m) * 700, int(a), int(b), 100] for m, a, b in draw.integers(1, 8, (24, 3))]
    yield (rows, 4), "For each payment in, look for a payment out that is later, by at most 48 * 60 minutes"
    yield ([row for row in rows if row[2] != 4], 4), "Nothing came in: None"

# %% [markdown]
# The rule: **a private wallet with at least `k` payers that passes on at least half of what comes in.** The cell below
# computes both numbers for every private wallet.

# %%
incoming = payments.select("payment", "minute", wallet="payee").sort("minute")
outgoing = payments.select(out="minute", wallet="payer").sort("out").with_columns(minute=pl.col("out") - 1)
followed = incoming.join_asof(outgoing, on="minute", by="wallet", strategy="forward", check_sortedness=False)
passes = followed.group_by("wallet").agg(share=((pl.col("out") - pl.col("minute")) <= 48 * 60).fill_null(False).mean())
private = (
    wallets.filter(pl.col("holder") == "person").select("wallet", "group", "operation")
    .join(payments.group_by(wallet="payee").agg(payers=pl.col("payer").n_unique(), illicit=pl.col("illicit").any()), on="wallet")
    .join(passes, on="wallet")
)


def flagged(k):
    return private.filter((pl.col("payers") >= k) & (pl.col("share") >= 0.5))


rows = [(k, flagged(k)["illicit"].sum(), (~flagged(k)["illicit"]).sum()) for k in (2, 4, 6, 8, 12, 16, 20)]
fig, ax = figure("What the rule flags, as it gets stricter", height=2.8)
ax.plot([k for k, _, _ in rows], [wrong for _, _, wrong in rows], "o-", color="#0072b2", label="wallets that received nothing illicit")
ax.plot([k for k, _, _ in rows], [hit for _, hit, _ in rows], "o-", color="#d55e00", label="wallets that did")
ax.set(xlabel="k: payers at least", ylabel="private wallets flagged", yscale="symlog", ylim=(0, None), xticks=[k for k, _, _ in rows])
ax.set_yticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1,000"])
ax.legend(loc="upper right")
print(f"private wallets that received something illicit: {private['illicit'].sum()} of {private.height:,}")

# %% tags=["holds"]
assert all(wrong > hit for _, hit, wrong in rows)
assert 0 < rows[-1][1] < 10

# %% [markdown]
# At every `k` more wallets are flagged that received nothing illicit. Payments that carry proceeds are few: it is the
# base rate of lesson 2 again. (So that there is enough to see, `tiny` draws trafficking operations more often than they occur
# in this world. At their true share even fewer flags would be right.) Who are the others?

# %%
rule = flagged(4).filter(~pl.col("illicit"))
lawful = (
    rule.drop_nulls("group").group_by("group").len()
    .join(private.group_by("group").agg(wallets=pl.len()), on="group")
    .with_columns(share=pl.col("len") / pl.col("wallets")).sort("len", "group", descending=True)
)
fig, axes = figure("Flagged at k = 4, and nothing illicit received: who is it?", panels=2, height=3.2, sharey=True)
for ax, column, label in zip(axes, ("len", "share"), ("private wallets flagged", "share of the group's private wallets"), strict=True):
    ax.barh(lawful["group"], lawful[column], color="#0072b2", height=0.6)
    for row, value in enumerate(lawful[column]):
        ax.text(value, row, f" {value:,}" if column == "len" else f" {value:.1%}", va="center")
    ax.set(xlabel=label, xlim=(0, 1.2 * lawful[column].max()))
axes[0].invert_yaxis();

# %% [markdown]
# `touring`: lawful workers who travel. `agency`, `employer`, `shop`, `trader`, `landlord`, `broker`, `club`: private
# wallets by which such a one is paid. `household`: everyday life of a family. `circle`: friends or migrants who save
# together. `charity`: people who collect donations. `remitter`: migrants who send money home. `outsider`: somebody of whom
# the sample holds little.
#
# ### Exercise 3 (no programming)
#
# Two bars on the left are the longest. One of these two groups has a short bar on the right: many of its wallets are flagged,
# but only a small share of them. Which group is it? Write its name between quotes.

# %% tags=["exercise"] points=1
# answer
many_but_seldom = "household"
# end of answer

# %% tags=["cases"]
options_many_but_seldom = ["touring", "agency", "employer", "shop", "trader", "landlord", "broker", "club", "household", "circle", "charity", "remitter", "outsider"]
hint_many_but_seldom = "Take the two longest bars on the left, and compare these two groups on the right"

# %% tags=["holds"]
assert lawful["group"].to_list()[:2] == ["touring", many_but_seldom]
assert lawful["len"][1] > 1.1 * lawful["len"][2]
assert lawful["share"][1] < lawful["share"][0] / 4
assert lawful["share"][0] == lawful["share"].max()
assert set(lawful["group"]) <= set(options_many_but_seldom)
everybody = lawful["len"].sum() / lawful["wallets"].sum()
assert lawful["share"][1] < everybody < lawful["share"][0]

# %% [markdown]
# The number flagged says where the work of checking falls. The share says whom the rule hits hardest: lawful workers who
# travel. Compare shares before you speak of unfairness (lesson 2), and look at the number beside them: a share of a small group
# rests on a few wallets.
#
# ## Guilt by association
#
# "Look at who has to do with a suspect." Two wallets are *neighbours* if one has paid the other.
#
# ### Exercise 4
#
# `pairs` is a list of `[wallet, wallet]` that have paid one another, in whichever direction. Return **how many other
# wallets can be reached from `start` in at most `steps` steps** (`start` itself does not count).

# %% tags=["exercise"] points=3
def reached(pairs, start, steps):
    """Return how many other wallets lie within so many steps of a wallet."""
    # answer
    known = {start}
    for _ in range(steps):
        near = {b for a, b in pairs if a in known} | {a for a, b in pairs if b in known}
        known |= near
    return len(known - {start})
    # end of answer

# %% tags=["cases"]
def cases_reached(draw):
    yield ([[1, 2], [2, 3], [3, 4]], 1, 2), "From 1 to 2, from 2 to 3: two wallets"
    yield ([[2, 1], [3, 2]], 1, 2), "The direction of a payment does not matter"
    yield ([[1, 2]], 1, 0), "In no step nobody is reached"
    yield ([[5, 6]], 1, 3), "A wallet without neighbours reaches nobody"
    yield ([[1, 2], [2, 1], [2, 3]], 1, 5), "Nobody counts twice, and the start does not count"
    yield (draw.integers(0, 14, (11, 2)).tolist(), int(draw.integers(0, 14)), 2), "Go on from all that are known, once per step"

# %%
import rustworkx

numbers = {wallet: row for row, wallet in enumerate(wallets["wallet"])}
ties = payments.select("payer", "payee").unique()
graph = rustworkx.PyGraph(multigraph=False)
graph.add_nodes_from(range(len(numbers)))
graph.add_edges_from_no_data([(numbers[a], numbers[b]) for a, b in ties.iter_rows()])
kinds = wallets.join(table("operations", truth=True).select("operation", "kind"), on="operation", how="left")
guilty = np.array(kinds["kind"].eq_missing("trafficking"))
start = numbers[shown["collects for a trafficking operation"][0]]
known, rows = {start}, []
for step in range(1, 5):
    known = known | {near for one in known for near in graph.neighbors(one)}
    others = np.array(sorted(known - {start}))
    rows.append((step, len(others), int((~guilty[others]).sum())))
fig, ax = figure("Wallets within reach of one wallet of a trafficking operation", height=2.6)
ax.bar([step for step, _, _ in rows], [count for _, count, _ in rows], color="#c9d1d9", width=0.6)
for step, count, innocent in rows:
    ax.text(step, count, f"{count:,}\n{innocent / count:.0%} not of one", ha="center", va="bottom")
ax.set(xlabel="steps", ylabel="wallets", xticks=[1, 2, 3, 4], ylim=(0, rows[-1][1] * 1.3));

# %% tags=["holds"]
assert rows[2][1] > 10 * rows[0][1]
assert rows[2][2] / rows[2][1] > 0.9

# %% [markdown]
# After a few steps nearly everybody "has to do with" a trafficking operation, through a shop, a landlord, a tax office.
#
# **`tiny` holds few cases.** The strictest rule of the first curve flags a handful of wallets that received something illicit.
# Which of two strict rules is better cannot be told from so few. `small` has eight times as many.
#
# ## What the number does not mean
#
# - A red flag does **not** mean crime. It is a habit that some crimes and many lives share.
# - "Three steps from a suspect" does **not** mean acquaintance.
# - That a rule finds nothing does **not** mean that a bank is clean: cash, and what never touches a bank, is not here.
#
# ## Discussion: ethics
#
# 1. A bank closes the accounts that the rule flags. Follow a migrant in a saving circle through the next month.
# 2. Payments are opened by a court, adverts by anybody. What would a program have to show before a court should agree?
# 3. `docs/fidelity.md#what-else-was-measured` of tipbench shows what private data add to public data for one task. Is it enough?
