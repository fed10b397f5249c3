from collections.abc import Callable

import numpy as np
import torch

from raysweep.data.images import DataSet
from raysweep.measures import MeasureContext, run_measure
from raysweep.models import build_learner
from raysweep.study import Autoencoder, Encodings, Pca, Vae
from raysweep.study.measures import Shard

CPU = torch.device("cpu")


def test_rows_are_the_encoders_latents_by_class(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    context = make_context(Autoencoder(latent_dim=3))
    rows = run_measure(Encodings(), Shard("validation", 0, 30), context).to_pylist()
    assert sorted(row["image"] for row in rows) == list(range(30))
    images, labels = data.validation.batch(np.array([row["image"] for row in rows]), CPU)
    torch.testing.assert_close(torch.tensor([row["z"] for row in rows]), context.learner.encode(images))
    assert labels is not None
    assert [row["label"] for row in rows] == labels.tolist()
    assert {row["deviation"] for row in rows} == {None}


def test_posteriors_come_with_their_deviations(make_context: Callable[..., MeasureContext], data: DataSet) -> None:
    model = Vae(latent_dim=3, width=2)
    context = make_context(model)
    learner = build_learner(model, data.facts, 0, CPU)
    object.__setattr__(context, "learner", learner)
    rows = run_measure(Encodings(images=4), Shard("train", 0, 4), context).to_pylist()
    images, _ = data.train.batch(np.array([row["image"] for row in rows]), CPU)
    mean, deviation = learner.posterior(images)
    torch.testing.assert_close(torch.tensor([row["z"] for row in rows]), mean.detach())
    torch.testing.assert_close(torch.tensor([row["deviation"] for row in rows]), deviation.detach())


def test_no_more_images_than_there_are(data: DataSet) -> None:
    assert [shard.stop for shard in Encodings(images=35).shards(Vae(), data.facts)] == [35, 30]


def test_encoding_costs_what_the_encoder_does(data: DataSet) -> None:
    shard = Shard("train", 0, 10)
    for model in (Vae(width=2), Autoencoder(width=2), Pca(latent_dim=3)):
        assert Encodings().flop(model, data.facts, shard) == 10 * model.encoder_flop(data.facts) > 0
