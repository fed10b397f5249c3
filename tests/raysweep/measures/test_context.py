from collections.abc import Callable

import pytest

from raysweep.measures import MeasureContext
from raysweep.study import (
    Trial,
    WganGp,
)


def test_a_classifier_has_no_latent_space(make_context: Callable[..., MeasureContext], classifier_trial: Trial) -> None:
    context = make_context(WganGp(latent_dim=3))
    object.__setattr__(context, "trial", classifier_trial)
    with pytest.raises(AssertionError, match="no latent space"):
        _ = context.latent_dim
