"""Checkpoints: weights that carry their own configuration, and the state from which a killed training goes on.

Both are safetensors files: reading one runs no code, whoever wrote it. What is no tensor stands as JSON in the header.
Files are written under a temporary name and moved, so that a kill leaves the one before.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ocr_doc.core.errors import InputMissingError, WeightsError

_REMEDY = "Use a file that this program's training wrote."


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights and what is needed to use them.

    Attributes:
        tensors: The network's state, on the CPU.
        config: The network's configuration as plain values, "architecture" among them.
        notes: Whatever else is worth keeping: steps, metrics, the recipe.
    """

    tensors: dict[str, Tensor]
    config: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint in one move."""
    header = {"config": json.dumps(checkpoint.config), "notes": json.dumps(checkpoint.notes)}
    _write(path, checkpoint.tensors, header)


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
        InputMissingError: If there is no such file.
        WeightsError: If it is damaged or holds no configuration.
    """
    tensors, header = _read(path)
    if "config" not in header:
        raise WeightsError(f"{path}: these weights do not say which network they are for.", _REMEDY)
    return Checkpoint(tensors, json.loads(header["config"]), json.loads(header.get("notes", "{}")))


def save_training_state(
    path: Path,
    modules: Mapping[str, Mapping[str, Tensor]],
    optimizer: torch.optim.Optimizer,
    progress: Mapping[str, Any],
) -> None:
    """Writes everything that going on needs into one file, so that its parts always fit each other.

    Args:
        path: The file.
        modules: Named states, such as the network's and its average's.
        optimizer: Its state is flattened into tensors and JSON.
        progress: Plain values: step, minutes, best metric.
    """
    tensors = {f"module/{name}/{key}": value for name, state in modules.items() for key, value in state.items()}
    saved = optimizer.state_dict()
    scalars: dict[str, dict[str, Any]] = {}
    for index, state in saved["state"].items():
        for key, value in state.items():
            if isinstance(value, Tensor):
                tensors[f"optimizer/{index}/{key}"] = value
            else:
                scalars.setdefault(str(index), {})[key] = value
    header = {
        "progress": json.dumps(dict(progress)),
        "optimizer": json.dumps({"groups": saved["param_groups"], "scalars": scalars}),
    }
    _write(path, tensors, header)


def load_training_state(
    path: Path, optimizer: torch.optim.Optimizer
) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Reads what `save_training_state` wrote and gives `optimizer` its state back.

    Returns:
        The named states of the modules, and the progress.

    Raises:
        InputMissingError: If there is no such file.
        WeightsError: If it is damaged or belongs to another network.
    """
    tensors, header = _read(path)
    if not {"progress", "optimizer"} <= header.keys():
        raise WeightsError(f"{path}: this is no training state.", _REMEDY)
    modules: dict[str, dict[str, Tensor]] = {}
    description = json.loads(header["optimizer"])
    state: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in description["scalars"].items()}
    for name, value in tensors.items():
        kind, owner, key = name.split("/", 2)
        if kind == "module":
            modules.setdefault(owner, {})[key] = value
        else:
            state.setdefault(int(owner), {})[key] = value
    try:
        optimizer.load_state_dict({"state": state, "param_groups": description["groups"]})
    except ValueError as error:
        raise WeightsError(f"{path}: this state is of another network ({error}).", _REMEDY) from error
    return modules, json.loads(header["progress"])


def _write(path: Path, tensors: Mapping[str, Tensor], header: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        # Copies: safetensors refuses tensors that share memory or are laid out in another order.
        plain = {k: v.detach().to("cpu", copy=True).contiguous() for k, v in tensors.items()}
        temporary.touch()
        mode = temporary.stat().st_mode
        save_file(plain, str(temporary), metadata=header)
        # safetensors' own files are for their owner only; weights are shared as any other file is.
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(str(path), framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except FileNotFoundError as error:
        raise InputMissingError(f"{path}: no such file.", "Check the path.") from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path}: damaged or no safetensors file ({error}).", _REMEDY) from error
