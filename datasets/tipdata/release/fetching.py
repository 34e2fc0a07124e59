"""Fetch files of a store: some beside one another, and those that were fetched last are kept."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

AT_ONCE = 8
"""Files that are fetched beside one another: most of the time is spent waiting for the store."""
KEPT_BYTES = 128 << 20
"""So much of a store's files each process keeps in memory: those of 64 regions, which a fold is read by."""


class Kept:
    """The files that were fetched last, as many as :data:`KEPT_BYTES` holds: tables of some regions are asked for again
    and again, and a request takes longer than to decode what it brings."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._contents: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, str]) -> bytes | None:
        with self._lock:
            if key in self._contents:
                self._contents.move_to_end(key)
            return self._contents.get(key)

    def put(self, key: tuple[str, str], content: bytes) -> None:
        with self._lock:
            if key not in self._contents:
                self._contents[key] = content
                self._bytes += len(content)
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._contents.popitem(last=False)[1])


def in_turn(pool: ThreadPoolExecutor, fetch: Callable[[str], bytes], paths: Iterable[str]) -> Iterator[bytes]:
    """Yield what is fetched from each place in turn, while the next ones are fetched."""
    waiting: deque[Future[bytes]] = deque()
    for path in paths:
        waiting.append(pool.submit(fetch, path))
        if len(waiting) > AT_ONCE:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
