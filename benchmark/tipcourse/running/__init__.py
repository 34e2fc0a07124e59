"""A student's answers, run where they can harm nobody: behind the fence, or, with ``--trust``, in a process apart."""
