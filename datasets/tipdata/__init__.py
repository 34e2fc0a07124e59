"""The simulator: a pure function (version, seed, region) -> tables of a fully synthetic world.

The modules follow the story: :mod:`tipdata.core.draw` (all randomness), :mod:`tipdata.core.world` (parameters),
:mod:`tipdata.text.phrases` (text), the stages under :mod:`tipdata.stages`, then :mod:`tipdata.release`
(regions made, files and manifests) and :mod:`tipdata.documents` (what is written about them).
"""
