"""GraphSAGE: two layers of mean aggregation over those one ties oneself to, those who do so, and those on one device.

Hamilton, Ying and Leskovec (2017), as :class:`tipbaselines.graphs.GraphSAGEMethod`. Inputs are the account's columns
and counts of its ties, as those of ``lightgbm``. Needs the extra torch and the ends of ties. Cost: ten to twenty
seconds for 75,000 accounts and a million ties on one core.
"""

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.account_risk.accounts import (
    OTHERS,
    AccountGraph,
    identifier_matrices,
    own_columns,
    read_graph,
    tie_columns,
)
from tipbaselines.graphs import GraphSAGEMethod, NetworkInputs, fill_gaps, mean_matrix, standardise


class GraphSAGE(GraphSAGEMethod):
    needs = frozenset({"ties.source", "ties.target"})
    takes_many = frozenset({"accounts", "ties"})
    name = "account_risk/graphsage"
    others = OTHERS
    whole = True

    def read(self, fold: Fold) -> AccountGraph:
        return read_graph(fold)

    def inputs(self, graph: AccountGraph) -> NetworkInputs:
        frames = [frame for frame in (own_columns(graph), tie_columns(graph)) if frame.width]
        values = np.hstack([frame.to_numpy() for frame in frames]).astype(np.float64)
        adjacency = graph.adjacency()
        relations = [mean_matrix(m) for m in (adjacency, adjacency.T.tocsr(), *identifier_matrices(graph))]
        nodes, nothing = np.arange(graph.nodes)[None], np.zeros((graph.nodes, 0), dtype=np.float32)
        return NetworkInputs(standardise(fill_gaps(values)), relations, nodes, nothing)
