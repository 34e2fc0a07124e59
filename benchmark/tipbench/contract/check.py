"""Go through the promises in their order and stop at the first that is broken."""

from collections.abc import Callable
from dataclasses import dataclass

from tipcore.errors import UsageError

from tipbench.contract.promises import PROMISES, Promise
from tipbench.contract.trial import Broken, Trial


@dataclass(frozen=True)
class Verdict:
    """The promises that were kept, and the first that was not with a sentence about it, or None and ''."""

    kept: tuple[Promise, ...]
    broken: Promise | None = None
    says: str = ""


def check(trial: Trial, tell: Callable[[Promise], None] = lambda promise: None) -> Verdict:
    """Check every promise that the method's task asks for; ``tell`` is called with each that is kept."""
    kept: list[Promise] = []
    for promise in PROMISES:
        if not promise.applies(trial.task):
            continue
        try:
            promise.holds(trial)
        except (Broken, UsageError) as error:
            return Verdict(tuple(kept), promise, str(error))
        kept.append(promise)
        tell(promise)
    return Verdict(tuple(kept))
