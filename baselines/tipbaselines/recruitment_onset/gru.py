"""A recurrent network (GRU) over coded acts, taught at every message whether the onset has been reached.

Cho et al. (2014) for the unit. Act, side, channel and class of gap are embedded; the state after a message gives the
probability that a recruitment's commitment has begun. The loss of the valid part stops the training. Needs acts, and
the extra ``torch``; sides, channels and minutes where there are any. Cost: a minute or two for 14,000 training
conversations on one core.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from tipbench.data.fold import Fold

from tipbaselines.recruitment_onset.conversations import ActMethod, CodedMessages, ConversationArrays

EMBEDDED = {"act": 16, "side": 2, "channel": 3, "gap": 4}


@dataclass(eq=False)
class GRU(ActMethod):
    """``hidden``: size of the state; ``epochs``: at most so many, ``patience`` without gain on valid stop them."""

    hidden: int = 48
    epochs: int = 20
    patience: int = 3
    batch: int = 128
    learning_rate: float = 0.003
    dropout: float = 0.2
    decay: float = 0.0001
    stochastic = True

    def fit(self, fold: Fold, seed: int) -> None:
        import torch

        train, valid = self.read_parts(fold)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            sizes = {name: self._vocabulary.size(name) for name in EMBEDDED}
            self._network = _network(sizes, self.hidden, self.dropout)
            self._train(train, valid, np.random.default_rng(seed))
        self._network.eval()

    def start(self, units: int) -> None:
        import torch

        self._state = torch.zeros(units, self.hidden)

    def score(self, at: np.ndarray, steps: CodedMessages) -> np.ndarray:
        import torch

        places = torch.as_tensor(at)
        with torch.no_grad():
            logits, state = self._network(_code_tensor(steps)[:, None, :], self._state[places][None])
            self._state[places] = state[0]
            return torch.sigmoid(logits[:, 0]).double().numpy()

    def _train(self, train: ConversationArrays, valid: ConversationArrays, rng: np.random.Generator) -> None:
        import torch

        network = self._network
        optimiser = torch.optim.AdamW(network.parameters(), self.learning_rate, weight_decay=self.decay)
        best, kept, waited = np.inf, {}, 0
        held = valid if len(valid.start) else train
        for _ in range(self.epochs):
            network.train()
            for batch in _batches(train, self.batch, rng):
                optimiser.zero_grad()
                loss = self._loss(train, batch)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
            network.eval()
            batches = _batches(held, self.batch, np.random.default_rng(0))
            with torch.no_grad():
                losses = [float(self._loss(held, batch)) for batch in batches]
            now = float(np.average(losses, weights=[held.length[batch].sum() for batch in batches]))
            waited = 0 if now < best else waited + 1
            if now < best:
                best, kept = now, {name: value.clone() for name, value in network.state_dict().items()}
            if waited >= self.patience:
                break
        network.load_state_dict(kept or network.state_dict())

    def _loss(self, of: ConversationArrays, batch: np.ndarray) -> Any:
        """Return mean cross-entropy over the messages of a batch of conversations."""
        import torch

        longest = int(of.length[batch].max())
        rows = of.start[batch][:, None] + np.minimum(np.arange(longest), of.length[batch][:, None] - 1)
        there = np.arange(longest) < of.length[batch][:, None]
        logits, _ = self._network(_code_tensor(of.steps[rows]), None)
        target = torch.as_tensor(of.evident[rows], dtype=torch.float32)
        lost = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return lost[torch.as_tensor(there)].mean()


def _code_tensor(steps: CodedMessages) -> Any:
    """Return (..., 4) integer tensor of the codes in the order of :data:`EMBEDDED`."""
    import torch

    return torch.as_tensor(np.stack([steps.act, steps.side, steps.channel, steps.gap], axis=-1))


def _batches(of: ConversationArrays, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return positions of conversations of like length side by side, the batches in random order."""
    order = np.argsort(of.length + rng.uniform(-2, 2, len(of.length)))
    batches = [order[begin : begin + size] for begin in range(0, len(order), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def _network(sizes: dict[str, int], hidden: int, dropout: float) -> Any:
    import torch

    class ActNetwork(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embeddings = torch.nn.ModuleList(
                torch.nn.Embedding(sizes[name], width) for name, width in EMBEDDED.items()
            )
            self.cell = torch.nn.GRU(sum(EMBEDDED.values()), hidden, batch_first=True)
            self.drop, self.out = torch.nn.Dropout(dropout), torch.nn.Linear(hidden, 1)

        def forward(self, codes: Any, state: Any) -> tuple[Any, Any]:
            """Return (conversations, steps, 4) codes -> (conversations, steps) logits, and the last state."""
            embedded = torch.cat([e(codes[..., i]) for i, e in enumerate(self.embeddings)], dim=-1)
            states, last = self.cell(embedded, state)
            return self.out(self.drop(states))[..., 0], last

    return ActNetwork()
