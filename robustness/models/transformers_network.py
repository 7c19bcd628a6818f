"""Hugging Face's classifiers of images, from the folder that `save_pretrained` wrote: no download, no code of theirs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, in_one_line
from robustness.extras import import_extra
from robustness.models.file_network import readable

WEIGHTS = "model.safetensors"
SHARDS = "model.safetensors.index.json"


def load_transformers(folder: Path, fit: Preparation, output: str | None = None) -> tuple[nn.Module, str]:
    """The network in a folder, and a name for it: SHA-256 of configuration and weights, and transformers' version."""
    library = import_extra("transformers", "transformers")
    config = _config(folder)
    files = [folder / "config.json", *_weights(folder)]
    if "auto_map" in config:
        raise RobustnessError(f"{folder / 'config.json'}: auto_map names code that comes with the network, which is never run")
    try:
        module: nn.Module = library.AutoModelForImageClassification.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False, use_safetensors=True
        )
    except Exception as error:  # each of their errors is a class of its own
        raise RobustnessError(f"{folder}: not a classifier of images that transformers reads ({in_one_line(error)})") from error
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as content:
            digest.update(hashlib.file_digest(content, "sha256").digest())
    return module.eval(), f"transformers {digest.hexdigest()} transformers {library.__version__}"


def class_names_in(folder: Path) -> tuple[str, ...] | None:
    """What the configuration calls the classes; None where it has no names for them but LABEL_0 and so on."""
    names = _config(folder).get("id2label")
    if not isinstance(names, dict) or not all(str(place) in names for place in range(len(names))):
        return None
    listed = tuple(str(names[str(place)]) for place in range(len(names)))
    return None if all(name == f"LABEL_{place}" for place, name in enumerate(listed)) else listed


def _config(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise RobustnessError(f"{folder}: no such folder; model.save_pretrained({str(folder.name)!r}) writes one")
    file = readable(folder / "config.json", "; save_pretrained writes it")
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RobustnessError(f"{file}: not JSON ({in_one_line(error)})") from error
    if not isinstance(config, dict):
        raise RobustnessError(f"{file}: not the configuration of a network")
    return config


def _weights(folder: Path) -> list[Path]:
    """The files of the weights, which are safetensors, in one piece or in several."""
    if not (folder / SHARDS).is_file():
        return [readable(folder / WEIGHTS, "; save_pretrained writes it, with safe_serialization")]
    try:
        named = set(json.loads((folder / SHARDS).read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RobustnessError(f"{folder / SHARDS}: not a list of files of weights ({in_one_line(error)})") from error
    return [folder / SHARDS, *(readable(folder / Path(str(name)).name) for name in sorted(named, key=str))]
