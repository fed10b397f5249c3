"""A study as small as can be with a GAN, an autoencoder, a classifier, a reference and measures in several shards."""

from raysweep.study import (
    Arm,
    Autoencoder,
    ClassRadius,
    Digits,
    FrechetDistance,
    LeNet,
    ProjectedAdam,
    Reconstruction,
    Samples,
    Study,
    WganGp,
)

STUDY = Study(
    name="old",
    title="An old study",
    question="Does a newer version go on with what an older one has left?",
    data=Digits(limit=200),
    arms=(
        Arm(model=WganGp(steps=20, width=2, batch=16, latent_dim=2)),
        Arm(model=Autoencoder(steps=600, width=2, batch=16, latent_dim=2)),
    ),
    seeds=(0,),
    measures=(
        Samples(count=4),
        Reconstruction(images=4, generated=2, shard=2, keep=1, solver=ProjectedAdam(steps=5, learning_rate=0.05)),
        FrechetDistance(samples=100),
        ClassRadius(samples=4, shard=2, bank=50, bank_starts=1, rays=2, ray_starts=1),
    ),
    classifier=LeNet(epochs=2, batch=16),
    checkpoint_seconds=0.1,
)
