"""Train a GAN: seeded, resumable after any epoch, with checkpoints to look at on the way."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from robustness.data import ImageSet
from robustness.errors import RobustnessError
from robustness.files.atomic import replacing
from robustness.gan.batches import FIT, Batches
from robustness.gan.checkpoint import load_generator, save_generator
from robustness.gan.condition import Condition
from robustness.gan.curves import loss_chart
from robustness.gan.latents import check_seed
from robustness.gan.pair import Pair
from robustness.gan.recipes import Recipe
from robustness.gan.write import write_checkpoint_sheet
from robustness.models.checkpoint import versions
from robustness.models.layers import parameter_count
from robustness.training.resume import restore_state, save_state

CHECKPOINTS = (20, 60, 100, 200)
"""Epochs, the study's; the last epoch of a training is one as well."""
RESUME = "training.resume"

Losses = dict[str, list[float]]
"""The mean loss of an epoch, for the generator and for the discriminator."""


def checkpoint_path(out: Path, epoch: int) -> Path:
    return out / f"epoch-{epoch:03d}.safetensors"


def train_gan(
    network: str, image_set: ImageSet, condition: Condition, recipe: Recipe, seed: int, out: Path, command: str
) -> Losses:
    """Train the GAN of that name for the recipe's epochs, and return its losses.

    out: a folder. At each checkpoint it gets the generator with its card and a sheet of samples, after every epoch the losses,
    as JSON and as a chart, and a state to go on from. A training goes on where its last epoch ended, on the same machine's CPU
    to the same weights, since every epoch draws from its own generators, seeded by (seed, epoch); and one that has ended goes
    on when it is asked for more epochs.
    """
    check_seed(seed)
    _check_folder(out)
    torch.manual_seed(seed)
    pair = Pair(network, condition, recipe)
    about: dict[str, Any] = {
        "network": network,
        "condition": condition.to_card(),
        "data_hash": image_set.content_hash,
        "fit": {"size": FIT.size, "kind": FIT.kind},
        "recipe": {name: value for name, value in asdict(recipe).items() if name != "epochs"},
        "seed": seed,
    }
    losses: Losses = restore_state(out / RESUME, about, pair.parts) or {"generator": [], "discriminator": []}
    done = len(losses["generator"])
    if done > recipe.epochs:
        raise RobustnessError(f"{out / RESUME}: {done} epochs are done already; ask for more, or name another --out")
    if done:
        tqdm.write(f"{out}: going on after epoch {done}")
    for epoch in range(done, recipe.epochs):
        train_epoch(pair, image_set, condition, seed, epoch, losses, out)
        if epoch + 1 in CHECKPOINTS and epoch + 1 < recipe.epochs:
            _write_checkpoint(out, pair, about, losses, image_set, command)
        _write_losses(out, losses, f"{network}, {image_set.name}")
        save_state(out / RESUME, about, pair.parts, losses)  # last: what is killed before it is done again
    _write_checkpoint(out, pair, about, losses, image_set, command)
    return losses


def train_epoch(
    pair: Pair, image_set: ImageSet, condition: Condition, seed: int, epoch: int, losses: Losses, out: Path
) -> None:
    """Show every image once, or every class equally often where the recipe has come to that, and note the losses."""
    of_batches, of_draws = np.random.SeedSequence([seed, epoch]).spawn(2)
    natural = pair.recipe.natural_epochs
    balanced = natural is not None and epoch >= natural and bool(condition.class_names)
    batches = Batches(image_set, condition, pair.recipe.batch_size, of_batches, balanced)
    draws = torch.Generator().manual_seed(int(of_draws.generate_state(1, np.uint64)[0]))
    title = f"epoch {epoch + 1}/{pair.recipe.epochs}"
    pair.steps = epoch * len(batches)
    totals = np.zeros(2)
    pair.generator.train()
    for number, batch in enumerate(bar := tqdm(batches, title, len(batches), unit="batch", disable=None), 1):
        taken = pair.step(batch, draws)
        if not all(math.isfinite(loss) for loss in taken):
            raise _diverged(f"the losses became {taken[0]} and {taken[1]}", title, out)
        totals += taken
        means = (totals / number).tolist()
        bar.set_postfix(generator=f"{means[0]:.3f}", discriminator=f"{means[1]:.3f}", refresh=False)
    if not pair.is_finite:  # the last step's weights have met no loss
        raise _diverged("a weight is no number any more", title, out)
    for name, mean in zip(losses, means, strict=True):
        losses[name].append(mean)
    tqdm.write(f"{title}: loss of the generator {means[0]:.4f}, of the discriminator {means[1]:.4f}")


def _check_folder(out: Path) -> None:
    """Before hours of training: a folder there is or can be, and no other training's."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise RobustnessError(f"{out}: a file is in the way of this folder; name another --out") from None
    kept = _checkpoints(out)
    if kept and not (out / RESUME).exists():
        raise RobustnessError(
            f"{kept[-1]}: left by a training that cannot go on, since its {RESUME} is gone; name another --out, for nothing is "
            "overwritten"
        )


def _checkpoints(out: Path) -> list[Path]:
    return sorted(out.glob("epoch-*.safetensors"), key=lambda path: (len(path.name), path.name))


def _diverged(what: str, title: str, out: Path) -> RobustnessError:
    kept = _checkpoints(out)
    last = f"the last good checkpoint is {kept[-1]}" if kept else "there is no checkpoint yet"
    return RobustnessError(
        f"training diverged: {what} in {title}; {last}, and another --seed, with another --out, may fare better"
    )


def _write_checkpoint(out: Path, pair: Pair, about: dict[str, Any], losses: Losses, image_set: ImageSet, command: str) -> None:
    """The generator as it is now, and a sheet of what its file holds, as `robustness gan sample` gives it."""
    epochs = len(losses["generator"])
    card = {
        **about,
        "parameters": parameter_count(pair.generator),
        "epochs": epochs,
        "data": image_set.name,
        "images": len(image_set),
        "command": command,
        "losses": losses,
        "versions": versions(),
    }
    file = checkpoint_path(out, epochs)
    save_generator(file, pair.result, card)
    write_checkpoint_sheet(load_generator(file), about["seed"], file.with_suffix(".png"))


def _write_losses(out: Path, losses: Losses, title: str) -> None:
    with replacing(out / "losses.json") as partial:
        partial.write_text(json.dumps(losses, indent=2) + "\n", encoding="utf-8")
    with replacing(out / "losses.svg") as partial:
        partial.write_text(loss_chart(losses, title), encoding="utf-8")
