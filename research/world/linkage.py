"""Who is linked by text and by phone? python research/world/linkage.py [--world 1] [--regions 64]

B-cubed and pairwise precision and recall of near-duplicate templates and of phone components, on the splits
``operation`` and ``forward`` of advert_linkage, with headline weights. The phone proxy contradicts the truth twice:
pairs that it joins and that are of two operations (one less its pairwise precision), and pairs of one operation that it
does not join (one less its recall).
"""

from __future__ import annotations

import numpy as np
from drawn import Drawn, asking
from tipbaselines.advert_linkage.phone_components import PhoneComponents
from tipbaselines.advert_linkage.template_mdl import TemplateMDL
from tipbench.data.release_folds import prepare_release
from tipbench.metrics.bootstrap import encode_dense, find_resampling_clusters
from tipbench.metrics.clustering import compute_metrics, sum_contributions
from tipbench.tasks import tasks

TASK = tasks()["advert_linkage"]
NAMES = ("b_cubed_precision", "b_cubed_recall", "pairwise_precision", "pairwise_recall")


def main() -> None:
    """Print the table."""
    options = asking(__doc__).parse_args()
    source = Drawn.of(options.world, options.regions)
    print(source.name)
    print(f"{'':<28} {' '.join(f'{name:>18}' for name in NAMES)}")
    for split in ("operation", "forward"):
        made = prepare_release(TASK, source, split, "truth", "auto", (), oracle=False)
        frame = made.answers.frame
        for method in (TemplateMDL(), PhoneComponents()):
            method.fit(made.folds[0], 0)
            found = frame.join(method.predict(made.folds[0]), on=TASK.unit, how="left", suffix="_found")
            clusters = find_resampling_clusters(made.answers)
            sums = sum_contributions(
                encode_dense(frame["cluster"])[0],
                encode_dense(found["cluster_found"])[0],
                frame["weight"].to_numpy(),
                clusters,
            )
            values = compute_metrics(sums, np.ones((1, clusters.count)))
            listed = " ".join(f"{float(values[name][0]):18.3f}" for name in NAMES)
            print(f"{f'{type(method).__name__}, {split}':<28} {listed}", flush=True)


if __name__ == "__main__":
    main()
