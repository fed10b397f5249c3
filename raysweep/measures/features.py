"""The networks whose features are compared by measures of sample quality: the study's LeNet, or Inception."""

import pickle
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from raysweep.errors import UserError

INCEPTION_FILE = "pt_inception-2015-12-05-6726825d.pth"
"""Name of the file of Inception's weights, as torch keeps it once it has fetched them."""

Features = Callable[[Tensor], Tensor]
"""Images (count, channels, size, size) in [-1, 1] to features (count, length)."""


@lru_cache(maxsize=1)
def inception_features(weights: Path | None, device: torch.device) -> Features:
    """The 2,048 features of FID: pytorch-fid's network, its weights from a file, or fetched on first use.

    A process builds it once: shards that follow one another share it.
    Grey images are repeated to three channels. The network itself resizes to 299 × 299 pixels.

    Source: Heusel et al. (2017); weights ported from TensorFlow's of 2015-12-05.

    Raises:
        UserError: there is no such file, it holds no such weights, or they cannot be fetched.
    """
    network = build_inception(weights).to(device).eval()

    def features(images: Tensor) -> Tensor:
        values: Tensor = network((images.expand(-1, 3, -1, -1) + 1) / 2)[0]
        return values.flatten(1)

    return features


def inception_file(weights: Path | None) -> Path:
    """The file of Inception's weights; it may be missing if the user has named none."""
    return weights or Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE


def build_inception(weights: Path | None) -> torch.nn.Module:
    """Inception with the weights of the file, or with fetched ones; see `inception_features` for errors."""
    from pytorch_fid import inception  # noqa: PLC0415 - takes over a second, and few studies need it

    remedy = f"Fetch {inception.FID_WEIGHTS_URL} and name the file with --fid-weights FILE"

    def load(url: str, progress: bool = True) -> dict[str, Any]:
        if weights is None:
            return torch.hub.load_state_dict_from_url(url, progress=progress, check_hash=True, weights_only=True)
        state: dict[str, Any] = torch.load(weights, map_location="cpu", weights_only=True)
        return state

    # pytorch-fid always loads the weights through this one function: a file's take its place, and pickles are refused.
    try:
        with patch.object(inception, "load_state_dict_from_url", load):
            network: torch.nn.Module = inception.InceptionV3()
    except FileNotFoundError as error:
        raise UserError(f"Inception weights {weights}: no such file. {remedy}") from error
    except OSError as error:
        raise UserError(f"Inception weights: cannot be fetched ({error}). {remedy}") from error
    except (RuntimeError, AttributeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise UserError(f"Inception weights {weights}: not the weights that pytorch-fid expects. {remedy}") from error
    return network
