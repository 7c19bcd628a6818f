"""A case: one model, one image set, one noise, one seed. A value, addressed by what is in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from robustness.evaluation.rule import RULE
from robustness.noise import Noise


@dataclass(frozen=True)
class Case:
    """What predictions depend on, and nothing else: limits and file names are no part of it.

    model_hash, data_hash: SHA-256 of content. arithmetic: device family, dtype and library versions.
    model_key: what stands for the model in the key, where that is not its hash. fingerprint: of the module that computes, no
    part of the key; see `robustness.evaluation.identity`.
    run: the run's own identifier where the model's or the noise's code cannot be hashed, so that its results end with the run.
    scored: whether its result is `Scores`, which are kept beside mere predictions.
    """

    model: str
    data: str
    noise: Noise
    seed: int
    model_hash: str
    data_hash: str
    arithmetic: str
    run: str | None = None
    model_key: str | None = None
    fingerprint: str | None = None
    scored: bool = False

    @property
    def key(self) -> str:
        """SHA-256 over the content; names are left out, so a renamed model meets its old results."""
        noise = [self.noise.kind, self.noise.contract, [getattr(self.noise, name) for name in self.noise.parameters()]]
        model = self.model_key or self.model_hash
        content = ["case 3", RULE, model, self.data_hash, noise, self.seed, self.arithmetic, self.run]
        content += ["scores 1"] if self.scored else []
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.model} / {self.data} / {self.noise} / seed {self.seed}"
