"""Generator and discriminator, one step at a time."""

from __future__ import annotations

import copy

import torch
from torch import nn

from robustness.gan.augment import augment
from robustness.gan.condition import Condition
from robustness.gan.latents import LATENT
from robustness.gan.losses import discriminator_loss, generator_loss
from robustness.gan.recipes import NETWORKS, Recipe
from robustness.models.classifier import best_device

Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
"""Images, float32 of shape (N, 3, 28, 28) in -1..1; labels, int64 of shape (N,); levels, float32 of shape (N, kinds)."""


class Pair:
    """The two networks with their optimisers, on the GPU where there is one.

    parts: all that has a state, by name. steps: how many have been taken.
    """

    def __init__(self, network: str, condition: Condition, recipe: Recipe) -> None:
        self.recipe, self.device = recipe, best_device()
        self.generator = NETWORKS[network].generator(condition).to(self.device)
        self.discriminator = NETWORKS[network].discriminator(condition).to(self.device)
        self.generator_optimizer = self._adam(self.generator, recipe.generator_rate)
        self.discriminator_optimizer = self._adam(self.discriminator, recipe.discriminator_rate)
        self.average = None if recipe.average is None else copy.deepcopy(self.generator).requires_grad_(False)
        self.steps = 0

    @property
    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            **({"average": self.average} if self.average is not None else {}),
        }

    @property
    def result(self) -> nn.Module:
        """The generator to keep."""
        return self.generator if self.average is None else self.average

    @property
    def is_finite(self) -> bool:
        states = (self.generator.state_dict(), self.discriminator.state_dict())
        return all(bool(torch.isfinite(tensor).all()) for state in states for tensor in state.values())

    def step(self, batch: Batch, draws: torch.Generator) -> tuple[float, float]:
        """A step of the generator, then one of the discriminator on the same generated images; the loss of each before it.

        The generator is asked for the classes and noise of the batch's real images, so that the discriminator meets every
        condition as often real as generated. draws: of the CPU, so that every device draws the same.
        """
        images, *asked = (part.to(self.device) for part in batch)
        latents = torch.randn(len(images), LATENT, generator=draws).to(self.device)
        with self._autocast():
            generated = self.generator(latents, *asked).float()
        self.discriminator.requires_grad_(False)
        loss_of_generator = generator_loss(self.recipe.loss, self._verdicts(generated, asked, draws))
        self._descend(self.generator_optimizer, loss_of_generator)
        self.discriminator.requires_grad_(True)
        both = torch.cat([images, generated.detach()])
        real, fake = self._verdicts(both, [torch.cat([part, part]) for part in asked], draws).chunk(2)
        loss_of_discriminator = discriminator_loss(self.recipe.loss, real, fake)
        self._descend(self.discriminator_optimizer, loss_of_discriminator)
        self.steps += 1
        self._follow()
        losses = torch.stack([loss_of_generator.detach(), loss_of_discriminator.detach()]).tolist()
        return losses[0], losses[1]

    def _verdicts(self, images: torch.Tensor, asked: list[torch.Tensor], draws: torch.Generator) -> torch.Tensor:
        seen = augment(images, draws) if self.recipe.augment else images
        with self._autocast():
            verdicts: torch.Tensor = self.discriminator(seen, *asked)
        return verdicts.float()

    def _descend(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    @torch.no_grad()
    def _follow(self) -> None:
        """The average follows the generator, quickly at first: what it started from is forgotten soon."""
        if self.average is None:
            return
        assert self.recipe.average is not None
        kept = min(self.recipe.average, self.steps / (self.steps + 10))
        for old, new in zip(self.average.state_dict().values(), self.generator.state_dict().values(), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - kept)
            else:
                old.copy_(new)  # batch normalisation counts its batches

    def _adam(self, network: nn.Module, rate: float) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), rate, self.recipe.betas, fused=True)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16)
