"""The host's key: what the ids of a fenced fold are made with, kept in the host's home, where no fence can see it."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress

from tipcore.errors import UsageError
from tipcore.home import home
from tipcore.operating_system import NEW_FILE

FILE, BYTES = "fence.key", 32


def key_of(*names: str) -> bytes:
    """Return the 32 bytes for what these names tell apart; the same on this host whenever it is asked.

    Raises UsageError where the key can neither be read nor made.
    """
    return hashlib.blake2b("\0".join(names).encode(), digest_size=BYTES, key=_host_key()).digest()


def _host_key() -> bytes:
    path = home() / FILE
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
            with open(os.open(partial, NEW_FILE, 0o600), "wb") as file:
                file.write(secrets.token_bytes(BYTES))
            with suppress(FileExistsError):  # whoever is first has made it
                os.link(partial, path)
            partial.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read or made ({error.strerror or error}): set TIPBENCH_HOME to a folder of yours."
        ) from None
    if len(key) != BYTES:
        raise UsageError(f"{path} is not a key of {BYTES} bytes: delete it, and another is made.")
    return key
