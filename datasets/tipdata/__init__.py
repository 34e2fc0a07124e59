"""The simulator: a pure function (version, seed, region) -> tables of a fully synthetic world.

The modules follow the story: :mod:`tipdata.core.draw` (all randomness), :mod:`tipdata.core.world` (parameters),
:mod:`tipdata.text.lexicon` (text), the stages under :mod:`tipdata.stages`, then :mod:`tipdata.core.region`
(one region), :mod:`tipdata.core.digest` and :mod:`tipdata.core.release` (files and manifests).
"""
