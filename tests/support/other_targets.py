"""Reconstruction errors of a GAN and an AE on every kind of target, chosen by the tests."""

from collections.abc import Callable

from raysweep.study import Arm, Autoencoder, Mnist, ProjectedAdam, Reconstruction, Study, Trial, WganGp, grid
from support.pretended_results import DIMS, pretended_study

Mse = Callable[[Trial, str], float]
MEASURE = Reconstruction(images=20, generated=10, shard=10, keep=4, shifts=(1, 4), foreign=Mnist(), noise=10)


def untrained_gan_and_ae(*measures: Reconstruction) -> Study:
    """A GAN, an AE, and, before both, the GAN's generator as it was initialised."""
    over = {"latent_dim": grid(*DIMS)}
    arms = (
        Arm(name="untrained", model=WganGp(steps=0, width=8), over=over),
        Arm(model=WganGp(steps=400, width=8), over=over),
        Arm(model=Autoencoder(steps=400, width=8), over=over),
    )
    return pretended_study(arms=arms, measures=measures or (MEASURE,))


def is_untrained(trial: Trial) -> bool:
    return trial.arm == "untrained"


def spread(trial: Trial) -> float:
    return 1 + 0.01 * trial.seed


def errors_of(gan: float, ae: float, floor: float = 0.01, power: float = 0.0, noise: float = 0.02) -> Mse:
    """Errors of the GAN and the AE on training images; `floor` is that share of the GAN's."""

    def mse(trial: Trial, part: str) -> float:
        level = gan if trial.model.family == "wgan_gp" else ae
        wobble = 1 + noise * trial.seed * (1 if trial.model.family == "wgan_gp" else -1)
        return level * wobble * float(trial.latent_dim or 1) ** power * (floor if part == "generated" else 1)

    return mse


def gan_and_ae(**fields: object) -> Study:
    study = pretended_study()
    return pretended_study(**{"arms": study.arms[:2], "measures": study.measures[:1], **fields})


EVERYWHERE = ProjectedAdam(steps=200, feasible="everything")
LEVEL = {
    "train": 0.1,
    "validation": 0.2,
    "generated": 0.01,
    "shifted_1": 0.3,
    "shifted_4": 0.5,
    "foreign": 0.4,
    "noise": 0.6,
}


def gan_ae(*measures: Reconstruction) -> Study:
    """A GAN and an AE."""
    return pretended_study(arms=pretended_study().arms[:2], measures=measures or (MEASURE,))


def errors_by_part(trial: Trial, part: str) -> float:
    """By part, ten times less at dim(z) = 50 than at 2; 0.02 larger in the second seed."""
    scale = {2: 1.0, 10: 0.5, 50: 0.1}[trial.latent_dim or 0]
    return LEVEL[part] * scale + 0.02 * trial.seed
