"""Devices: a study says of which kind they are, and the process that computes takes one of its machine."""

from __future__ import annotations

import platform
import re
from typing import Any

import torch

from bounds.domains import one_of

_CARD = re.compile(r"cuda:(0|[1-9]\d{0,3})")


def chosen(name: Any) -> str:
    """The device of a study, from what was asked for: "auto" is "cuda" where this process has a GPU.

    Whether the device is there is asked where it is used, which may be another machine.

    Raises
    ------
    ValueError
        If it is not "auto", "cpu", "cuda", or one card such as "cuda:1".

    Examples
    --------
    >>> chosen("cpu"), chosen("cuda:1")
    ('cpu', 'cuda:1')
    """
    if isinstance(name, str) and _CARD.fullmatch(name):
        return name
    one_of("device", name, ("auto", "cpu", "cuda", "cuda:0"))
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return str(name)


def kind(device: str) -> str:
    """Its kind, on which numbers depend; which card it is makes no difference.

    Examples
    --------
    >>> kind("cuda:1")
    'cuda'
    """
    return device.partition(":")[0]


def local(device: str, turn: int = 0) -> torch.device:
    """The device of this process.

    Parameters
    ----------
    device
        As `chosen` returns it. For "cuda" cards go round: process `turn` takes card `turn` modulo their
        number. `CUDA_VISIBLE_DEVICES`, which Slurm sets for each job, leaves only some of them.
    turn
        The number of the process among those that compute a study, from 0.

    Raises
    ------
    ValueError
        If this machine does not have it.

    Examples
    --------
    >>> local("cpu")
    device(type='cpu')
    """
    if kind(device) != "cuda":
        return torch.device(device)
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if there == 0:
        raise ValueError(
            f"device must be one that is there: no CUDA device was found on {platform.node()}, got"
            f" {device!r}"
        )
    if device == "cuda":
        return torch.device("cuda", turn % there)
    card = torch.device(device)
    if card.index >= there:
        cards = ", ".join(f"cuda:{i}" for i in range(there))
        raise ValueError(
            f"device must be one that is there: {platform.node()} has {cards}, got {device!r}"
        )
    return card


def check(device: str, there: bool, client: object = None) -> None:
    """Check, before anything is written, that this process has the device if it computes a whole study.

    Parameters
    ----------
    device
        As `chosen` returns it.
    there
        Whether parts that are there are used: a finished study is read without the device.
    client
        Of the cluster that computes instead of this process.

    Raises
    ------
    ValueError
        As `local`.

    Examples
    --------
    >>> check("cuda", there=True)
    """
    if client is None and not there:
        local(device)
