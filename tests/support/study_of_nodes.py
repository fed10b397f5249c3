"""What several nodes share, and what is disturbed there: a few trials of seconds each, and measures in many shards."""

from raysweep.study import (
    Arm,
    Digits,
    FrechetDistance,
    LeNet,
    ProjectedAdam,
    Reconstruction,
    Samples,
    Study,
    Vae,
    WganGp,
    grid,
)

STUDY = Study(
    name="nodes",
    title="A study for several nodes",
    question="Do nodes that come and go leave the tables as they are?",
    data=Digits(),
    arms=(
        Arm(model=WganGp(steps=150, width=8, learning_rate=2e-3), over={"latent_dim": grid(2, 8)}),
        Arm(model=Vae(steps=300, width=16, learning_rate=3e-3), over={"latent_dim": grid(2, 8)}),
    ),
    measures=(
        Reconstruction(images=40, generated=20, shard=10, solver=ProjectedAdam(steps=300)),
        FrechetDistance(features="lenet", samples=1_000),
        Samples(),
    ),
    classifier=LeNet(epochs=5),
    checkpoint_seconds=2.0,
)
