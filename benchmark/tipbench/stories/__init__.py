"""The story of one operation, from all tables of an open release, for teaching and for checking the world by eye.

:mod:`tipbench.stories.views` counts what is seen of operations, :mod:`tipbench.stories.finding` chooses among them,
:mod:`tipbench.stories.timeline` puts the rows of one in order, :mod:`tipbench.stories.chronicle` tells it as text and
:mod:`tipbench.stories.figure` draws it. :mod:`tipbench.stories.from_python` is ``tipbench.story``.
"""
