# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
#   tipbench_course:
#     title: Following one case, and what not to build
#     minutes: 55
#     question: What would have had to be opened to see this case earlier, and whom else would one have seen?
#     words: [story, view, "access, tier", operation, lawful]
# ---

# %% [markdown]
# # 8 · Following one case, intrusion, and what not to build
#
# **The question.** In hindsight every case has left signs. "Why did nobody see it?" To have seen it, whose letters,
# payments and journeys would somebody have had to read, and whose else besides?
#
# **What you will be able to do.** Read one case from all tables; say what each holder of data could see, and when; count the
# lawful who show the same signs; judge a proposal by what it opens.
#
# The case is simulated, from beginning to end. It is told without detail, yet it is about exploitation: take a break when
# you want one. About 55 minutes.

# %% [markdown] tags=["instructor"]
# ### For the instructor
#
# **Timing.** Reading the story 15 min (aloud, phase by phase, works well), exercises 1 to 3 15 min, proposals 15 min in
# groups, closing round 10 min.
#
# **What students get wrong.**
# - *They read the story as an investigator would have.* It shows the truth, which nobody has. Ask at each line: who knew?
# - *They take "inside its life" for "illicit".* Many rows, and most payments, are everyday life of the people in it.
# - *They think more access is better, because it sees earlier.* The second figure counts who else is seen.
# - *In exercise 3 they ask for equal signs.* Those with **at least** the signs of the case look like it.
#
# **The proposals** (exercise 4) are the heart. There is one that the ethics of tipbench allow; let groups find
# what each of the others breaks.

# %%
import math

import numpy as np
import polars as pl
import tipbench
from tipcourse import checks, figure, find_operations, table

check = checks("case")
case = tipbench.story(release="tiny")
print(case)

# %% [markdown]
# The same as a picture. Each lane is a part of the data, each dot an event; the grey time is the life of the operation.

# %%
lanes = ["recruits", "adverts", "accounts", "money", "movement", "firms", "people", "help"]
fig, ax = figure("The case, lane by lane", height=3)
ax.axvspan(case.about.begins, case.about.ends, color="#eef1f4")
for row, lane in enumerate(lanes):
    days = [event.day for event in case.events if event.lane == lane]
    ax.plot(days, [row] * len(days), "o", ms=4, alpha=0.5, color="#0072b2")
ax.set(yticks=range(len(lanes)), yticklabels=lanes, xlabel="day")
ax.invert_yaxis();

# %% tags=["holds"]
money = [event.what for event in case.events if event.lane == "money"]
assert money.count("everyday payment") > len(money) / 2

# %% [markdown]
# Most dots of the lane `money` are everyday life: rent, shopping, a bus. (`tipbench data story --figure case.png` draws it in more detail.)

# %% [markdown]
# ## Who could have seen what?
#
# No one holder has all lanes. Roughly:
#
# | holder | tier | lanes of the picture |
# |---|---|---|
# | anybody | `public` | `adverts` |
# | the company that runs a site | `platform` | `adverts`, `accounts`, `recruits` |
# | a helpline | `platform` | `help` |
# | whoever has a court's order | `legal` | all of these, and `money`, `movement` |
#
# What happens at firms is known to auditors and neighbours. What happens to the people is known to nobody else: the lane
# `people` is `truth`.

# %%
events = [[event.lane, event.day] for event in case.events if event.inside]
holders = {
    "anybody": ["adverts"],
    "the site": ["adverts", "accounts", "recruits"],
    "a helpline": ["help"],
    "with a court's order": ["adverts", "accounts", "recruits", "help", "money", "movement"],
}
print(len(events), "events within its life, such as", events[:3])

# %% [markdown]
# ### Exercise 1
#
# `events` is a list of `[lane, day]`, `lanes` what a holder sees. Return how many **different days** show at least one event
# to this holder.

# %% tags=["exercise"] points=2
def days_with_a_sign(events, lanes):
    """Return on how many different days a holder of these lanes sees something."""
    # answer
    return len({day for lane, day in events if lane in lanes})
    # end of answer

# %% tags=["cases"]
def cases_days_with_a_sign(draw):
    yield ([["adverts", 5], ["money", 6], ["adverts", 9]], ["adverts"]), "Adverts on days 5 and 9; money is not seen"
    yield ([["adverts", 5], ["adverts", 5]], ["adverts", "help"]), "Two signs on one day are one day"
    yield ([["people", 5]], ["adverts"]), "Nothing is seen: 0"
    yield ([], ["money"]), "Without events there is nothing to see: 0"
    lanes = ["adverts", "accounts", "recruits", "help", "money", "movement"]
    yield ([[lanes[k], int(day)] for k, day in zip(draw.integers(0, 6, 40), draw.integers(0, 25, 40))], lanes[1:4]), "Collect days in a set, where the lane is one of those seen"

# %% [markdown]
# ### Exercise 2
#
# How long does the operation live before this holder sees the first sign? Return the days from `begins` to the first
# event in `lanes`, and `None` where there is never one.

# %% tags=["exercise"] points=2
def days_unseen(begins, events, lanes):
    """Return the days from the beginning to the first sign in these lanes; None where there is none."""
    # answer
    days = [day for lane, day in events if lane in lanes]
    return min(days) - begins if days else None
    # end of answer

# %% tags=["cases"]
def cases_days_unseen(draw):
    yield (100, [["adverts", 140], ["money", 120]], ["adverts"]), "The first advert comes 40 days after the beginning"
    yield (100, [["adverts", 140], ["money", 120]], ["adverts", "money"]), "The first sign in either lane counts"
    yield (100, [["money", 120]], ["help"]), "There is never a sign: None, and not 0"
    yield (100, [["help", 100]], ["help"]), "Seen on its first day: 0"
    lanes = ["adverts", "accounts", "recruits", "help", "money", "movement"]
    events = [[lanes[k], int(day)] for k, day in zip(draw.integers(0, 6, 30), draw.integers(50, 500, 30))]
    yield (50, events, ["money", "adverts"]), "Take the smallest day in these lanes, and subtract the beginning"
    yield (50, [event for event in events if event[0] != "help"], ["help"]), "There is never a sign: None, and not 0"

# %%
def first_sign(story, lanes):
    days = [event.day for event in story.events if event.inside and event.lane in lanes]
    return min(days) - story.about.begins if days else None


seen_well = find_operations("kind=trafficking views>=4").head(6)
stories = [tipbench.story(number, release="tiny") for number in seen_well["operation"]]
fig, ax = figure("Days until the first sign, for each holder (one row per operation)", height=3)
marks = {"anybody": ("o", "#0072b2"), "the site": ("s", "#56b4e9"), "a helpline": ("D", "#009e73"), "with a court's order": ("|", "#d55e00")}
for row, story in enumerate(stories):
    ax.plot([0, story.about.ends - story.about.begins], [row, row], color="#dfe4ea", lw=7, solid_capstyle="butt")
    for holder, lanes in holders.items():
        day = first_sign(story, lanes)
        if day is not None:
            sign, colour = marks[holder]
            ax.plot(day, row, sign, color=colour, ms=14 if sign == "|" else 7, mew=2.5 if sign == "|" else 1,
                    label=holder if row == 0 else None)
ax.set(yticks=range(len(stories)), yticklabels=[story.about.form.replace("_", " ") for story in stories],
       xlabel="days since it began (grey: its life)")
ax.invert_yaxis()
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncol=4);

# %% tags=["holds"]
assert 2 <= len(stories) <= 6
assert all(first_sign(story, holders["with a court's order"]) is not None for story in stories)

# %% [markdown]
# These operations were **chosen because they are seen well**. Most are seen by fewer, and some by nobody. So the picture
# shows what *can* happen, and no average can be taken from it.
#
# ## Who else shows the same signs?
#
# Call it a *sign* where a part of the data holds at least three rows of an operation. The case has some set of signs. Now look
# for everybody who has at least the same.
#
# ### Exercise 3
#
# `case` is a list of signs, `others` a list with the signs of each other operation. Return how many of the others have
# **all signs of the case** (they may have more).

# %% tags=["exercise"] points=2
def lookalikes(case, others):
    """Return how many others have at least the signs of the case."""
    # answer
    return sum(set(case) <= set(signs) for signs in others)
    # end of answer

# %% tags=["cases"]
def cases_lookalikes(draw):
    yield (["adverts", "payments"], [["adverts", "payments", "help"], ["adverts"]]), "The first has both signs, and one more; the second lacks payments"
    yield (["adverts"], [["adverts"], ["adverts"], []]), "Two others advertise"
    yield ([], [["adverts"], []]), "Whoever has no sign looks like everybody"
    yield (["help"], []), "There are no others: 0"
    names = ["adverts", "conversations", "payments", "movement", "firms", "help"]
    others = [[name for name in names if draw.random() < 0.6] for _ in range(20)]
    yield (names[:2], others), "All signs of the case must be among those of the other"

# %%
views = ["adverts", "conversations", "payments", "movement", "firms"]
everybody = find_operations("views>=0").with_columns(
    signs=pl.concat_list(pl.when(pl.col(view) >= 3).then(pl.lit(view)) for view in views).list.drop_nulls()
)
lawful = everybody.filter(pl.col("kind").is_in(["independent", "business"]))
trafficking = everybody.filter(pl.col("kind") == "trafficking")
asked = [["adverts"], ["adverts", "payments"], ["adverts", "movement"], ["adverts", "payments", "movement"],
         ["adverts", "conversations", "payments"]]


def having(frame, signs):
    return sum(set(signs) <= set(one) for one in frame["signs"].to_list())


fig, ax = figure("Operations of tiny that show at least these signs", height=3)
for offset, frame, colour, label in ((-0.18, trafficking, "#d55e00", "trafficking"), (0.18, lawful, "#0072b2", "lawful")):
    numbers = [having(frame, signs) for signs in asked]
    ax.barh(np.arange(len(asked)) + offset, numbers, height=0.34, color=colour, label=label)
    for row, number in enumerate(numbers):
        ax.text(number, row + offset, f" {number:,}", va="center")
ax.set(yticks=range(len(asked)), yticklabels=[" + ".join(signs) for signs in asked], xlabel="operations")
ax.invert_yaxis()
ax.legend(loc="lower right");

# %% tags=["holds"]
assert all(having(lawful, signs) > having(trafficking, signs) for signs in asked[:4])

# %% [markdown]
# A sign that fits the case fits lawful work as well: whoever tours, advertises and is paid shows it. To look for such signs
# by a search of everybody's payments and journeys is to open all of the blue bars.
#
# **`tiny` again**: a bar of a few operations is no rate. That the blue bars are longer is what you may say.
#
# ## What not to build
#
# Five groups bring you proposals.
#
# - **A.** A program that tells hotels in real time which guests travel in a pattern like that of the case.
# - **B.** A program that matches faces in adverts with pictures from social networks.
# - **C.** A list, each week, of the adverts with the highest scores for two trained reviewers, who know neither name nor
#   address; with the share of lawful groups among what was flagged beside it, and an end date.
# - **D.** A program that writes to the telephone numbers of flagged adverts, to offer help.
# - **E.** A score for each supplier of a firm, published by name.
#
# ### Exercise 4 (no programming)
#
# Hold them against what tipbench's own page on ethics prohibits:
#
# - to decide about a person, a place or an advert without human review;
# - to call anyone a victim or an offender on the strength of a score;
# - to target sex workers, migrants or any other group; to find, contact or expose anyone;
# - to follow or stop travellers because of a forecast;
# - to publish a supplier's score by name.
#
# Which **one** of the five is not prohibited there? Write its letter between quotes.

# %% tags=["exercise"] points=1
# answer
may_be_built = "C"
# end of answer

# %% tags=["cases"]
options_may_be_built = ["A", "B", "C", "D", "E"]
hint_may_be_built = "Prohibited is to decide without human review, to follow travellers, to find, contact or expose anyone, and to publish a supplier's score by name"

# %% [markdown]
# "Not prohibited" does not mean "good". For C, too, ask: what happens to an advert that a reviewer marks? Who hears of an
# error? What would make you stop?
#
# ## What the number does not mean
#
# - That a sign came early in this story does **not** mean that it would have been recognised: you knew the end.
# - That a court's order sees most does **not** mean that it should be given: the other figure shows at whose cost.
# - A case is **not** evidence about a method. It is a way to ask better questions of one.
#
# ## Discussion: ethics
#
# 1. Choose one row of the story that only a court could have opened. What would you have had to know before to ask for it?
# 2. A survivor reads this lesson. What would she miss, and what would she take out? (A review led by survivors and by sex
#    workers is sought for tipbench and **has not happened yet**.)
# 3. Write down one thing that you will not build.
