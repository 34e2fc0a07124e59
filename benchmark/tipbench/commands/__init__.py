"""The commands of ``tipbench``, one module each; :mod:`tipbench.declarations` says how each declares itself."""
