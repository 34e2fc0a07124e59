"""The fence: a method fits and predicts in a process that has its fold and nothing else.

The host (:mod:`tipbench.fence.session`) writes the fold to files and talks over two pipes. A preloaded server
(:mod:`tipbench.fence.linux.server`) forks a process for each fence, which leaves the host's namespaces, sees
a file system of what it needs only (:mod:`tipbench.fence.linux.sandbox`) and then serves the host's requests
(:mod:`tipbench.fence.child`). What comes back is read as plain numbers (:mod:`tipbench.fence.wire`).
"""

MB = 1_000_000
FILE_BYTES = {"tiny": 25 * MB, "small": 25 * MB, "forms": 25 * MB, "full": 250 * MB, "xl": 2_500 * MB}
"""Size of the release -> the most bytes of predictions in an answer of a fence and in a submitted file."""
