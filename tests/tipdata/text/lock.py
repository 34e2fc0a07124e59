"""Find every wordbook sound, and write down that these texts and this code were: ``python tests/tipdata/text/lock.py``.

Whoever makes data need not check them again then, which takes seconds. Run it after a change of anything in
``tipdata.text``; a test says when it is due. Exit code 1, and nothing written, where a wordbook has faults.
"""

import sys

from tipcore.atomic import write_file_atomically
from tipdata.core.kinds import LANGUAGES
from tipdata.core.world import FOLDER
from tipdata.text.book import Faulty
from tipdata.text.cache import SOUND, digest_of_texts
from tipdata.text.checks import wordbook


def main() -> int:
    """Check and write; return the exit code."""
    for language in LANGUAGES:
        try:
            wordbook(language)
        except Faulty as error:
            sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
            return 1
    write_file_atomically(FOLDER / "text" / SOUND, f"{digest_of_texts()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
