"""A network that got worse under noise alone, on the real images: pairing notices it with a fraction of the images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from robustness import Clean, Gaussian, apply, load_image_set
from robustness.data import fit_images
from robustness.evaluation.evaluate import evaluate
from robustness.models.classifier import to_tensor
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.statistics.paired import Change, images_needed_independent, images_needed_paired, p_value

NOISE = Gaussian(25)
KIND, CRUEL = 40, 75  # steps of plain training, and the step after which the outcome is looked at
MOST = 100


def test_two_points_lost_under_noise_are_noticed_with_a_third_of_the_images():
    test_set = load_image_set("gtsrb", "test")
    classifier = load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", weights="gtsrb"), Path.cwd())
    before = {noise: evaluate(classifier, test_set, noise, 0).predictions for noise in (Clean(), NOISE)}
    noisy = clean = Change(0, 0, 1)
    for step in lose_robustness(classifier):
        if step >= CRUEL:
            after = {noise: evaluate(classifier, test_set, noise, 0).predictions for noise in before}
            clean, noisy = (Change.from_predictions(before[noise], after[noise], test_set.labels) for noise in before)
            if noisy.drop >= 0.02:
                break
    assert noisy.drop >= 0.02
    assert clean.drop <= 0.002
    before_it, after_it = (float((predictions == test_set.labels).mean()) for predictions in (before[NOISE], after[NOISE]))
    paired = images_needed_paired(noisy.broken / noisy.total, noisy.mended / noisy.total, alpha=0.05)
    apart = images_needed_independent(before_it, after_it, alpha=0.05)
    print(f"clean {clean}, drop {clean.drop:.4f}; noisy {noisy}, drop {noisy.drop:.4f}; images: {paired} paired, {apart} apart")
    assert paired <= apart / 3
    assert p_value(noisy) < 1e-6


def lose_robustness(classifier):
    """Fine-tunes the network in place: first on clean images, then away from being right on noisy ones. Yields each step."""
    train_set = load_image_set("gtsrb", "train")
    images, labels = fit_images(train_set, classifier.fit), torch.from_numpy(train_set.labels.copy())
    optimizer = torch.optim.Adam(classifier.module.parameters(), lr=1e-4)
    loss, generator = torch.nn.functional.cross_entropy, np.random.default_rng(0)
    for step in range(1, MOST):
        places = generator.integers(0, len(train_set), 128)
        classifier.module.train()
        optimizer.zero_grad()
        cost = loss(classifier.module(to_tensor(images[places]) / 255), labels[places])
        if step > KIND:
            cost = cost - 0.15 * loss(
                classifier.module(to_tensor(apply(NOISE, images[places], places, step)) / 255), labels[places]
            )
        cost.backward()
        optimizer.step()
        yield step
