from collections.abc import Callable

import numpy as np
import pyarrow as pa
import torch

from raysweep.data.images import to_bytes
from raysweep.measures import MeasureContext, run_measure
from raysweep.measures.streams import normal
from raysweep.study import Samples, WganGp
from raysweep.study.measures import Shard

SHARD = Shard("samples", 0, 6)


def test_the_pixels_are_the_generators(make_context: Callable[..., MeasureContext]) -> None:
    context = make_context(WganGp(latent_dim=3))
    table = run_measure(Samples(count=6, name="pictures"), SHARD, context)
    z = normal((6, 3), torch.device("cpu"), "samples", 3)
    expected = to_bytes(context.learner.generate(z))
    for row, image in zip(table.to_pylist(), expected, strict=True):
        assert np.array_equal(np.frombuffer(row["pixels"], np.uint8).reshape(1, 4, 4), image)
    assert table["sample"].to_pylist() == list(range(6))
    assert set(table["measure"].to_pylist()) == {"pictures"}
    assert set(table["trial"].to_pylist()) == {context.trial.id}


def test_trials_of_one_latent_dimension_share_their_prior_samples(make_context: Callable[..., MeasureContext]) -> None:
    contexts = [make_context(WganGp(latent_dim=3), seed=seed) for seed in (0, 1)]
    codes = [_pixels(run_measure(Samples(count=6), SHARD, context)) for context in contexts]
    latents = [context.learner.encode(images) for context, images in zip(contexts, codes, strict=True)]
    assert not torch.equal(*codes)
    assert latents[0].norm() > 1
    torch.testing.assert_close(*latents, rtol=0, atol=0.05)  # the bytes are rounded


def _pixels(table: pa.Table) -> torch.Tensor:
    images = [np.frombuffer(pixels, np.uint8) for pixels in table["pixels"].to_pylist()]
    return torch.from_numpy(np.stack(images)).reshape(-1, 1, 4, 4) / 127.5 - 1
