"""A frozen multilingual sentence encoder's mean vector of the note and one logistic regression a need.

Yang et al. (2020) for the encoder; binary relevance as of Tsoumakas and Katakis (2007). It reads all six languages of
the notes as one, so that a need learnt in one is found in another. Needs the note and labels, and the extra
``encoder``. Cost: a quarter of a minute for 4,000 notes on one core.
"""

from tipbaselines.assistance_triage.contacts import EncodedNotes
from tipbaselines.encoders import ENCODER, text_vectors


class SentenceEncoder(EncodedNotes):
    """``c``: inverse strength of the L2 penalty."""

    entry_class = "outside"
    resources = (ENCODER,)
    encode = staticmethod(text_vectors)
