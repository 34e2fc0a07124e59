"""Check a wordbook while it is written: check_frames.py LANGUAGE [--say N]"""
import random, sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).resolve().parents[2])); sys.path.insert(1, str(Path(__file__).resolve().parents[3] / "benchmark"))
from tipdata.text import wordbook as w
from tipdata.text.grammar import surfaces
if __name__ == "__main__":
    code = sys.argv[1]; held=[]
    class Soft(w.Wordbook):
        def __init__(self, path):
            try: super().__init__(path)
            except w.Faulty as f: held[:] = f.faults
    try: book = Soft(w.path_of(f"frames/{code}"))
    except Exception as e: print("cannot be read:", e); raise SystemExit(1)
    for one in held[:60]: print(one)
    n = sum(1 for f in book.frames() if "/" in f.where)
    print(f"{n} frames of facts; {len(held)} faults" if held else f"{n} frames of facts; no fault")
    if "--say" in sys.argv:
        fs = [f for f in book.frames()]
        for f in random.sample(fs, min(len(fs), int(sys.argv[sys.argv.index("--say") + 1]))):
            print(f"{f.where:22} {f.family:12}", random.choice(list(surfaces(f.parts, book.slot_words, 300))))
