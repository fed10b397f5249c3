"""The vocabulary in which studies are written. No torch and no Ray: a study is counted and costed without either."""

from raysweep.study.core import Arm, Resources, Study, Trial, grid
from raysweep.study.data import CelebA, Cifar10, Digits, FashionMnist, ImageFolder, Mnist
from raysweep.study.measures import ClassRadius, FrechetDistance, ProjectedAdam, Reconstruction, Samples
from raysweep.study.models import Autoencoder, LcVae, LeNet, Vae, WganGp

__all__ = [
    "Arm",
    "Autoencoder",
    "CelebA",
    "Cifar10",
    "ClassRadius",
    "Digits",
    "FashionMnist",
    "FrechetDistance",
    "ImageFolder",
    "LcVae",
    "LeNet",
    "Mnist",
    "ProjectedAdam",
    "Reconstruction",
    "Resources",
    "Samples",
    "Study",
    "Trial",
    "Vae",
    "WganGp",
    "grid",
]
