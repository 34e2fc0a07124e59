"""What honest methods do with a system, each of which must work behind a fence."""

import fcntl
import importlib
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import shared_memory


def everything() -> list[str]:
    """The names of what failed, with why."""
    failed = []
    python = (threads, processes, programs, memory, sockets, locks, database, reads)
    for way in (*python, joblib, arrow, duckdb, torch):
        try:
            way()
        except ImportError:
            pass  # an extra that is not installed
        except Exception as error:
            failed.append(f"{way.__name__}: {type(error).__name__}: {error}")
    return failed


def threads():
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(abs, range(8))) == list(range(8))


def processes():
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        assert list(pool.map(abs, range(4))) == list(range(4))


def programs():
    assert subprocess.run(["/bin/echo", "a"], capture_output=True, check=True).stdout == b"a\n"


def memory():
    block = shared_memory.SharedMemory(create=True, size=4096)
    block.close()
    block.unlink()
    assert multiprocessing.get_context("fork").Array("d", 4)[0] == 0


def sockets():
    one, other = socket.socketpair()
    one.send(b"a")
    assert other.recv(1) == b"a"
    one.close()
    other.close()


def locks():
    with tempfile.TemporaryFile() as file:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def database():
    with tempfile.TemporaryDirectory() as folder:
        for mode in ("delete", "truncate", "memory", "wal"):
            made = sqlite3.connect(f"{folder}/{mode}")
            if mode == "wal":  # asks who holds a lock (F_GETLK) unless it need share with nobody
                made.execute("pragma locking_mode=exclusive")
            made.execute(f"pragma journal_mode={mode}")
            made.execute("create table t as select 1 as a")
            made.commit()
            assert made.execute("select * from t").fetchall() == [(1,)]
            made.close()


def reads():
    with tempfile.TemporaryFile() as file:
        os.pwritev(file.fileno(), [b"a"], 0)
        held = bytearray(1)
        os.preadv(file.fileno(), [held], 0)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        assert held == b"a"


def joblib():
    parallel = importlib.import_module("joblib")
    assert parallel.Parallel(2)(parallel.delayed(abs)(one) for one in range(4)) == list(range(4))


def arrow():
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    with tempfile.TemporaryDirectory() as folder:
        parquet.write_table(arrow.table({"a": [1]}), f"{folder}/t.parquet")
        for mapped in (False, True):
            read = parquet.read_table(f"{folder}/t.parquet", memory_map=mapped, pre_buffer=True)
            assert read.num_rows == 1


def duckdb():
    with tempfile.TemporaryDirectory() as folder:
        made = importlib.import_module("duckdb").connect(f"{folder}/d")
        made.execute("create table t as select range as a from range(100000)")
        assert made.execute("select sum(a) from t").fetchall() == [(4999950000,)]
        made.close()


def torch():
    torch = importlib.import_module("torch")
    layer = torch.nn.Linear(4, 1)
    layer(torch.ones(8, 4)).sum().backward()
    held = torch.zeros(4).share_memory_()
    assert held.is_shared()
