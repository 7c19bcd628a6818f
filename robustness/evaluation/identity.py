"""Which network it is that answers: what its results are kept under, and for how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from robustness.models.classifier import Classifier
from robustness.models.fingerprint import fingerprint, lasting_fingerprint
from robustness.models.state import hash_state


@dataclass(frozen=True)
class Identity:
    """A network as it is now.

    hash: of its content, and for code of the user's own also its name and class; it is shown. key: what its results are kept
    under. fingerprint: what has to be the same where they are found again. is_hashable: whether key and fingerprint say all, as
    they do of a network of a known architecture that still is what was loaded; else results end with the run.
    """

    hash: str
    key: str
    fingerprint: str
    is_hashable: bool

    @property
    def digest(self) -> str:
        """SHA-256 that tells two networks apart."""
        return hashlib.sha256(f"{self.key} {self.fingerprint}".encode()).hexdigest()


def identify(classifier: Classifier) -> Identity:
    """The network as it is now: weights and all are hashed anew."""
    weights = hash_state(classifier.module.state_dict())
    content = classifier.content_hash(weights)
    if classifier.architecture is not None:
        now = fingerprint(classifier.module, weights)
        if now == classifier.fingerprint:
            return Identity(content, classifier.file_key() or content, now, is_hashable=True)
    code, now = type(classifier.module), lasting_fingerprint(classifier.module)
    shown = f"{classifier.name} {code.__module__}.{code.__qualname__} {content}"
    fed_and_read = f"{classifier.fit} {classifier.mean} {classifier.std} {classifier.output}"
    key = f"{classifier.name} {code.__module__}.{code.__qualname__} {fed_and_read} {now}"
    return Identity(shown, key, now, is_hashable=False)
