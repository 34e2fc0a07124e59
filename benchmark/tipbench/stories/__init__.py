"""The story of one operation, from all tables of an open release, for teaching and for checking the world by eye.

:mod:`tipbench.stories.sources` counts what is seen of operations, :mod:`tipbench.stories.sources` chooses among them,
:mod:`tipbench.stories.story` puts the rows of one in order, :mod:`tipbench.stories.chronicle` tells it as text and
:mod:`tipbench.stories.figure` draws it. :mod:`tipbench.stories.story` is ``tipbench.story``.
"""
