"""The simulator: a pure function (version, seed, region) -> tables of a fully synthetic world.

The modules follow the story: :mod:`tipdata.draw` (all randomness), :mod:`tipdata.world` (parameters),
:mod:`tipdata.lexicon` (text), the stages under :mod:`tipdata.stages`, then :mod:`tipdata.region`
(one region), :mod:`tipdata.digest` and :mod:`tipdata.release` (files and manifests).
"""
