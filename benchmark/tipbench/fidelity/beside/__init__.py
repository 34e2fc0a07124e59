"""Hold columns of a release against real data of a user's own: what a generator leaves behind in them."""

from tipbench.fidelity.beside.report import Beside, beside

__all__ = ["Beside", "beside"]
