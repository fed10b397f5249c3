from collections.abc import Callable

import pytest
import torch

from raysweep.models import build_learner
from raysweep.models.learner import Learner
from raysweep.study import WganGp

Make = Callable[..., Learner]


def test_impossible_shapes_are_refused(make: Make) -> None:
    facts = make(WganGp(latent_dim=3, width=2)).facts
    odd = type(facts)(type(facts.shape)(1, 9), 10, 10, None)
    with pytest.raises(ValueError, match="9 pixels"):
        build_learner(WganGp(), odd, 0, torch.device("cpu"))
