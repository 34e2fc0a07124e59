# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Linking adverts and the proxy-label trap
#     minutes: 55
#     question: Do adverts that share a telephone number have one operator?
#     words: [operation, component, "B-cubed precision, recall", label]
# ---

# %% [markdown]
# # 3 · Linking adverts, and the proxy-label trap
#
# **The question.** Investigators link adverts by shared telephone numbers: "same number, same operator". Researchers then
# take these links as the truth and report how well a program finds them. What is measured then?
#
# **What you will be able to do.** Build such links, and see on a picture where they join too much and too little; say
# why a score against a *proxy* can be high and worthless.
#
# Contacts here are opaque numbers, invented like everything else. About 55 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Chain of numbers and exercise 1 15 min, precision and recall of links 15 min, the trap 10 min, discussion
# 15 min.
#
# **What students get wrong.**
# - *They link adverts that share a number and stop there.* Links are passed on: a shares with b, b with c, so a, b and c
#   are one group (a *component*). The second open case of exercise 1 shows it.
# - *They mix up the two errors.* Joining too much costs precision (strangers in your group); joining too little costs
#   recall (friends outside it). Ask of each picture: who is harmed by this error?
# - *They think that the proxy is "noisy but unbiased".* It errs in one direction for some people: those who share a
#   reception, an agency's number, or a number that had another owner before.
#
# **A hint for exercise 1** for those who are stuck: keep a dictionary from number to group, and merge groups in a loop
# until nothing changes. Speed does not matter.

# %%
import math

import numpy as np
import polars as pl
from tipcourse import checks, figure, table

check = checks("linking")
adverts = table("adverts", truth=True).select("region", "advert", "operation", "contacts")
print(f"{adverts.height:,} adverts; {adverts['contacts'].list.len().gt(0).mean():.0%} show at least one contact")

# %% [markdown]
# ## Same number, same operator?
#
# `contacts` lists the contacts that a program found in an advert. Look at them from both sides: to how many operations
# does one contact lead, and how many contacts does one operation use?

# %%
shown = adverts.explode("contacts").drop_nulls("contacts").rename({"contacts": "contact"})
owners = shown.group_by("contact").agg(operations=pl.col("operation").n_unique())["operations"]
numbers = shown.group_by("operation").agg(contacts=pl.col("contact").n_unique())["contacts"]
fig, (left, right) = figure("Contacts and operations do not match one to one", panels=2, height=2.8)
for ax, values, of, label in (
    (left, owners, "contacts", "operations behind one contact"),
    (right, numbers, "operations", "contacts of one operation"),
):
    counts = np.bincount(np.minimum(values.to_numpy(), 8), minlength=9)[1:]
    ax.bar(range(1, 9), counts, color="#0072b2", width=0.7)
    ax.set(xlabel=label, ylabel=of, xticks=range(1, 9), xticklabels=[*map(str, range(1, 8)), "8+"])
print(f"{(owners > 1).mean():.1%} of contacts lead to more than one operation; "
      f"{(numbers > 1).mean():.0%} of operations use more than one contact")

# %% tags=["holds"]
assert 0.01 < (owners > 1).mean() < 0.2
assert (numbers > 1).mean() > 0.5

# %% [markdown]
# Few contacts lead to several operations: a reception that answers for several businesses, a number that passed to a
# new owner, an advert copied with its number. Few, but watch what they do.
#
# ## Links are passed on
#
# If a and b share a contact, and b and c share another, then a, b and c are one group, although a and c share nothing.
# Such a group is called a *component*.
#
# ### Exercise 1
#
# `contacts` is a list: for each advert, the list of its contacts. Return a list with the **size of every component**, the
# largest first. An advert without contacts is a component of its own.

# %% tags=["exercise"] points=3
def component_sizes(contacts):
    """Return the sizes of the groups of adverts that contacts link, the largest first."""
    # answer
    group = list(range(len(contacts)))
    changed = True
    while changed:
        changed = False
        for one in range(len(contacts)):
            for other in range(one):
                if group[one] != group[other] and set(contacts[one]) & set(contacts[other]):
                    old, new = group[one], group[other]
                    group = [new if number == old else number for number in group]
                    changed = True
    return sorted((group.count(number) for number in set(group)), reverse=True)
    # end of answer

# %% tags=["cases"]
def cases_component_sizes(draw):
    yield ([[1], [1], [2]],), "The first two share contact 1, the third stands alone"
    yield ([[1], [1, 2], [2], [3]],), "Links are passed on: the first shares 1 with the second, which shares 2 with the third"
    yield ([[], [], [5]],), "An advert without contacts is a group of its own"
    yield ([[1], [2], [3], [4], [1, 4], [2, 3], [3, 4]],), "A late link may join two groups that are there already"
    yield ([draw.integers(0, 30, int(draw.integers(0, 3))).tolist() for _ in range(16)],), "Merge groups until nothing changes any more"

# %% [markdown]
# A library does the same for all of `tiny` in a moment. The eight largest components
# are shown below; each piece of a bar is one operation.

# %%
import rustworkx

index = {advert: row for row, advert in enumerate(adverts["advert"])}
nodes = {contact: adverts.height + row for row, contact in enumerate(shown["contact"].unique(maintain_order=True))}
graph = rustworkx.PyGraph()
graph.add_nodes_from([None] * (adverts.height + len(nodes)))
graph.add_edges_from_no_data([(index[advert], nodes[contact]) for advert, contact in shown.select("advert", "contact").iter_rows()])
component = np.empty(graph.num_nodes(), dtype=int)
for number, members in enumerate(rustworkx.connected_components(graph)):
    component[list(members)] = number
linked = adverts.select("advert", "operation", component=pl.Series(component[: adverts.height]))

# %%
kinds = table("operations", truth=True).select("operation", "kind")
colours = {"independent": "#56b4e9", "business": "#0072b2", "spam": "#c9d1d9", "trafficking": "#d55e00"}
sizes = linked.group_by("component").len().sort("len", descending=True).head(8)
fig, ax = figure("The eight largest components, by the operations whose adverts they join", height=3.2)
for row, chosen in enumerate(sizes["component"]):
    inside = (
        linked.filter(pl.col("component") == chosen).group_by("operation").len()
        .join(kinds, on="operation").sort("len", descending=True)
    )
    left = 0
    for _, adverts_of_it, kind in inside.select("operation", "len", "kind").iter_rows():
        ax.barh(row, adverts_of_it, left=left, color=colours[kind], edgecolor="white", linewidth=0.8)
        left += adverts_of_it
for kind, colour in colours.items():
    ax.barh(0, 0, color=colour, label=kind)
ax.set(xlabel="adverts (a white line stands between two operations)", ylabel="component", yticks=[])
ax.invert_yaxis()
ax.legend(loc="lower right");

# %% [markdown]
# Each bar is one "operator", if we believe the numbers. Each piece of a bar is one in truth. Independent workers and
# businesses are in one group with others whom they may never have met.
#
# ## Two errors, two numbers
#
# Take one advert. Its *group* is its component; its *own* adverts are those of its operation.
#
# - **precision** of the advert: which share of its group is its own?
# - **recall** of the advert: which share of its own is in its group?
#
# The means over all adverts are *B-cubed precision* and *B-cubed recall*. (An advert counts itself in all of this.)
#
# ### Exercise 2
#
# `groups` and `operations` are lists of the same length: the group and the true operation of each advert. Return
# `[precision, recall]`, each a mean over adverts.

# %% tags=["exercise"] points=3
def b_cubed(groups, operations):
    """Return [B-cubed precision, B-cubed recall] of groups against true operations."""
    # answer
    pairs = list(zip(groups, operations))
    both = [pairs.count(pair) for pair in pairs]
    precision = [n / groups.count(group) for n, group in zip(both, groups)]
    recall = [n / operations.count(operation) for n, operation in zip(both, operations)]
    return [sum(precision) / len(pairs), sum(recall) / len(pairs)]
    # end of answer

# %% tags=["cases"]
def cases_b_cubed(draw):
    yield (["a", "a"], [1, 1]), "One group that is one operation: both are 1"
    yield (["a", "a"], [1, 2]), "Two strangers in one group: each has half of a group that is its own, and all of its own"
    yield (["a", "b"], [1, 1]), "One operation in two groups: precise, but each finds half of its own"
    yield (["a", "a", "a", "b"], [1, 1, 2, 2]), "Take each advert in turn, then the mean"
    groups = draw.integers(0, 5, 24).tolist()
    yield (groups, draw.integers(0, 6, 24).tolist()), "Take each advert in turn, then the mean over adverts"

# %%
def scores(frame, guess, truth):
    """B-cubed precision and recall of the column `guess` against the column `truth`."""
    both = pl.len().over(guess, truth)
    found = frame.select(precision=(both / pl.len().over(guess)).mean(), recall=(both / pl.len().over(truth)).mean())
    return found.row(0)


precision, recall = scores(linked, "component", "operation")
print(f"components of contacts against the truth: precision {precision:.2f}, recall {recall:.2f}")

# %% [markdown]
# ## The trap
#
# Outside a simulation nobody has the column `operation`. Much of the literature takes the components themselves for the
# truth: a *proxy label*. Let us test two ways of linking, once against the proxy and once against the truth:
#
# - **follow the contacts**: adverts that share a contact, passed on. It *is* the proxy.
# - **follow the text**: adverts with the same title and the same category are one group.

# %%
texts = table("adverts").select("advert", text=pl.concat_str("region", "category", "language", "title"))
compared = linked.join(texts, on="advert").with_columns(text=pl.col("text").rank("dense"))


def f1(precision, recall):
    return 2 * precision * recall / (precision + recall)


judged = {
    (way, name): f1(*scores(compared, column, against))
    for way, column in (("follow the contacts", "component"), ("follow the text", "text"))
    for name, against in (("against the proxy", "component"), ("against the truth", "operation"))
}
fig, ax = figure("One method, two judges (B-cubed F1)", height=2.2)
for row, ((_, name), value) in enumerate(judged.items()):
    ax.barh(row, value, color="#d55e00" if "proxy" in name else "#0072b2", height=0.6)
    ax.text(value + 0.01, row, f"{value:.2f}", va="center")
ax.set(yticks=range(4), yticklabels=[f"{way}, {name}" for way, name in judged], xlim=(0, 1.1))
ax.invert_yaxis();

# %% tags=["holds"]
assert judged["follow the contacts", "against the proxy"] > 0.999
assert judged["follow the contacts", "against the truth"] < 0.95

# %% [markdown]
# Following the contacts is perfect, if the contacts are the judge. No real data can show the blue bar; that is what a
# simulated world is for.
#
# ### Exercise 3 (no programming)
#
# A new program looks at writing style and finds, rightly, that two groups with different numbers are one operation. It
# is scored against the phone proxy. Does its score go `"up"`, `"down"`, or stay the `"same"`?

# %% tags=["exercise"] points=1
# answer
effect_on_proxy_score = "down"
# end of answer

# %% tags=["cases"]
options_effect_on_proxy_score = ["up", "down", "same"]
hint_effect_on_proxy_score = "The proxy says that these two groups are strangers, so a right link counts as a wrong one"

# %% [markdown]
# ## Who is joined with whom?
#
# ### Exercise 4
#
# `groups` is a list: for each component, the list of the *kinds* of the operations in it (one entry per operation). Return
# the share of **lawful operations that are in one component with a trafficking operation**. Lawful kinds are
# `"business"` and `"independent"`; spam is counted in neither number. Return `None` where no operation is lawful.

# %% tags=["exercise"] points=2
def linked_to_trafficking(groups):
    """Return the share of lawful operations that share a component with a trafficking operation."""
    # answer
    lawful = joined = 0
    for kinds in groups:
        here = sum(kind in ("business", "independent") for kind in kinds)
        lawful += here
        if "trafficking" in kinds:
            joined += here
    return joined / lawful if lawful else None
    # end of answer

# %% tags=["cases"]
def cases_linked_to_trafficking(draw):
    yield ([["business", "trafficking"], ["independent"]],), "One of two lawful operations is in a component with a trafficking operation"
    yield ([["independent", "business"], ["trafficking"]],), "Nobody lawful is linked to it: 0"
    yield ([["spam", "trafficking"]],), "No operation here is lawful, so there is no share: None"
    yield ([["spam", "business", "business", "trafficking"], ["spam", "independent"]],), "Spam is counted in neither number"
    names = ["business", "independent", "spam", "trafficking"]
    yield ([[names[k] for k in draw.choice(4, int(draw.integers(1, 6)), p=[0.35, 0.35, 0.2, 0.1])] for _ in range(15)],), "Count lawful operations, and among them those whose component holds trafficking"
    yield ([[names[k] for k in draw.integers(2, 4, int(draw.integers(1, 6)))] for _ in range(6)],), "No operation here is lawful, so there is no share: None"

# %%
members = linked.unique(["component", "operation"]).join(kinds, on="operation")
tainted = members.with_columns(joined=(pl.col("kind") == "trafficking").any().over("component"))
lawful = tainted.filter(pl.col("kind").is_in(["business", "independent"]))
touched = lawful.filter(pl.col("joined"))["operation"].n_unique()
trafficking = members.filter(pl.col("kind") == "trafficking")["operation"].n_unique()
print(f"{trafficking} trafficking operations; following contacts from them leads to {touched} lawful ones")

# %% tags=["holds"]
assert touched > 0

# %% [markdown]
# **`tiny` is small.** A few large components make these numbers: had one reception fewer been drawn, they would be
# others. So say "it happens, and to lawful people", and give no rate from `tiny`.
#
# ## What the number does not mean
#
# - A high score against a proxy does **not** mean that operators are found. It means that the proxy is imitated.
# - A link does **not** mean acquaintance, and acquaintance does not mean guilt: receptions, agencies, landlords and
#   translators serve many.
# - A low recall here does **not** mean that linking is useless: a link is a place to look, with a person looking.
#
# ## Discussion: ethics
#
# 1. An agency answers the telephone for twenty independent workers, and for one client who exploits others. What does a
#    case file look like that "follows the contacts"?
# 2. Two migrants share a number because one of them has no papers to get a contract. Which error of linking hits them?
# 3. You review a paper whose truth is shared telephone numbers. Which one sentence would you ask its authors to add?
