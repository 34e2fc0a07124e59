"""``tipbench season wordbook``: check a set C, the host's own sentences for the test part of a season's worlds.

examples, for the host:
  tipbench season wordbook check ~/secret/spring.yaml
  tipbench season wordbook check ~/secret/spring.yaml earlier=autumn-2026/set-c.yaml earlier=winter-2026/set-c.yaml

Open worlds word each operation with set a or b of the wordbooks of tipdata. A set C is a file of the host's that nobody
else has read before the close, so that a method cannot have learnt its sentences. It lists four to eight frames for
each level that it covers, in the grammar of the wordbooks; all other levels keep sets a and b:

  set: c
  frames:
    en:
      all: {voice: {i: {any: ["...", "...", "...", "..."]}}}
      jobs: {papers: {own: ["...", "...", "...", "..."]}}

Give it to a season with `tipbench season open ... wordbook=FILE`. See docs/seasons.md.
"""
