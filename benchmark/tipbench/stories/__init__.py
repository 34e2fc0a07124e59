"""The story of one operation, from all tables of an open release, for teaching and for checking the world by eye.

:mod:`tipbench.stories.sources` counts rows of operations and finds operations, :mod:`tipbench.stories.story` puts the
rows of one in order, :mod:`tipbench.stories.chronicle` writes it as text and :mod:`tipbench.stories.figure` draws it.
``events.yaml`` has the words and marks of all that can happen.
"""
