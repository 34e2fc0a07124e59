"""What Windows lacks is missing and what it forbids fails, so that the journey proves something; nothing else does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is open is read from Linux's /proc")


def under_it(code: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    told = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    told |= {"PYTHONPATH": str(HERE), "PYTHONUTF8": "0"} | environment
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=told, capture_output=True, check=False
    )


FAILS = {
    "import fcntl": "ModuleNotFoundError",
    "import resource": "ModuleNotFoundError",
    "import os; os.fork()": "AttributeError",
    "import os; os.O_NOFOLLOW": "AttributeError",
    "import signal; signal.pthread_sigmask": "AttributeError",
    "import signal; signal.SIGKILL": "AttributeError",
    "import select; select.poll()": "AttributeError",
    "import os, select; select.select([os.pipe()[0]], [], [], 0)": "not a socket",
    "import ctypes; ctypes.CDLL(None)": "TypeError",
    "import ctypes; ctypes.CDLL('libc.so.6')": "FileNotFoundError",
    "open('/proc/self/status')": "FileNotFoundError",
    "import os; os.listdir('/proc')": "FileNotFoundError",
    "import os; os.open('a', os.O_RDONLY, dir_fd=3)": "NotImplementedError",
    "import os; os.open('.', os.O_RDONLY)": "WinError 5",
    "import os; os.symlink('a', 'b')": "WinError 1314",
    "import subprocess, sys; subprocess.run([sys.executable], pass_fds=(2,))": "not supported",
    "import multiprocessing.resource_tracker as tracker; tracker.ensure_running()": "_posixsubprocess",
    "import os; os.mkdir('b'); os.mkdir('c'); os.rename('b', 'c')": "WinError 183",
    "import os; os.mkdir('b'); os.mkdir('c'); os.replace('b', 'c')": "WinError 5",
    "import os; kept = open('a'); os.remove('a')": "WinError 32",
    "import os; kept = open('a'); os.rename('a', 'b')": "WinError 32",
    "import os; kept = open('a'); open('b', 'w'); os.replace('b', 'a')": "WinError 5",
    "import os; os.mkdir('b'); kept = open('b/c', 'w'); os.rename('b', 'd')": "WinError 32",
    "import shutil, os; os.mkdir('b'); kept = open('b/c', 'w'); shutil.rmtree('b')": "WinError 32",
    "import os; os.mkdir('b'); os.chdir('b'); os.rmdir('../b')": "WinError 32",
    "import mmap, os; f = open('a', 'r+'); kept = mmap.mmap(f.fileno(), 1); f.close(); os.remove('a')": "WinError 32",
    "import os; os.chmod('a', 0o444); os.remove('a')": "WinError 5",
    "open('aux.yaml', 'w')": "WinError 123",
    "import os; os.mkdir('Con')": "WinError 123",
    "open('a:b', 'w')": "WinError 123",
    "open('A', 'w')": "differs in case alone",
    "open('b' * 300, 'w')": "WinError 206",
    "print('\\u0645')": "UnicodeEncodeError",
    "open('b', 'w').write('\\u0645')": "UnicodeEncodeError",
    "from pathlib import Path; Path('b').write_text('\\u0645')": "UnicodeEncodeError",
}


@pytest.mark.parametrize("code", FAILS)
def test_what_windows_does_not_do_fails(code: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    ended = under_it(code, tmp_path)
    assert ended.returncode == 1, ended
    assert FAILS[code].encode() in ended.stderr.splitlines()[-1]


WORKS = {
    "import os; open('b', 'w').close(); os.replace('b', 'a'); os.remove('a'); print(os.listdir())": "[]",
    "import os; os.mkdir('b'); os.rename('b', 'c'); os.rmdir('c'); print('moved')": "moved",
    "import asyncio, tempfile; tempfile.TemporaryFile().close(); print(asyncio.run(asyncio.sleep(0, 7)))": "7",
    "import multiprocessing as m; print(m.get_start_method())": "spawn",
    "import locale; print(locale.getpreferredencoding())": "cp1252",
    "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'import fcntl']).returncode)": "1",
    "from pathlib import Path; Path('b').write_text('\\u0645', encoding='utf-8'); print(Path('b').stat().st_size)": "2",
    "open('b', 'w').write('1\\n'); print(open('b', 'rb').read())": "b'1\\r\\n'",
}


@pytest.mark.parametrize("code", WORKS)
def test_what_windows_does_works_and_children_inherit_it(code: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    assert under_it(code, tmp_path).stdout.decode("cp1252").strip() == WORKS[code]


def test_a_file_that_another_process_has_open_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'f = open(\"a\"); print(1, flush=True); input()'],\n"
        "    stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "try:\n"
        "    os.remove('a')\n"
        "except PermissionError as error:\n"
        "    print(error.winerror)\n"
        "child.communicate(b'1')\n"
        "os.remove('a')\n"
    )
    ended = under_it(code, tmp_path)
    assert (ended.stdout.strip(), os.listdir(tmp_path)) == (b"32", []), ended.stderr
