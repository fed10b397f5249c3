"""Studies of points, and how many modes their models capture."""

from raysweep.study import (
    Arm,
    ClassMap,
    ClassRadius,
    ExactRadius,
    Gan,
    Grid2d,
    Modes,
    Study,
    Toy,
    Trial,
    grid,
)
from support.pretended_results import pretended_study

NEAREST = ClassRadius(classifier="nearest_mode", samples=20, shard=20)
MAP = ClassMap(classifier="nearest_mode", resolution=5, samples=2)


def gans(**fields: object) -> Study:
    """Two arms, dim(z) 2 and 10, two seeds."""
    arms = (
        Arm(model=Gan(layers="mlp"), over={"latent_dim": grid(2, 10)}),
        Arm(name="pacgan2", model=Gan(layers="mlp", packing=2), over={"latent_dim": grid(2, 10)}),
    )
    return pretended_study(data=Grid2d(), arms=arms, **{"measures": (Modes(), NEAREST, MAP), **fields})


def toys() -> Study:
    arms = (Arm(name="square", model=Toy(generator="square")), Arm(name="lattice", model=Toy()))
    return pretended_study(data=Grid2d(), arms=arms, measures=(NEAREST, ExactRadius(), MAP))


def captured(trial: Trial) -> int:
    """10 and 11 of GANs, 20 and 21 of PacGANs."""
    return 10 * getattr(trial.model, "packing", 1) + trial.seed
