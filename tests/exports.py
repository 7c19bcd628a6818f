"""A network written as a file, and read from there."""

from __future__ import annotations

from pathlib import Path

from robustness.models.classifier import Classifier
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import export_network
from robustness.models.load import load_classifier


def written(classifier: Classifier, form: str, folder: Path) -> Classifier:
    """The classifier that the exported file is."""
    export_network(classifier, form, folder / "net")
    size, fit = classifier.fit.size, classifier.fit.kind
    declaration = ModelDeclaration("shipped", f"{form}:net", None, size, fit, classifier.mean, classifier.std)
    return load_classifier(declaration, folder)
