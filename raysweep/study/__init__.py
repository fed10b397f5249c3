"""The vocabulary in which studies are written. No torch and no Ray: a study is counted and costed without either."""

from raysweep.study.core import Arm, Resources, Study, Trial, grid
from raysweep.study.data import CelebA, Cifar10, Digits, FashionMnist, Grid2d, ImageFolder, Mnist
from raysweep.study.measures import (
    ClassMap,
    ClassRadius,
    ExactRadius,
    FrechetDistance,
    KernelDistance,
    Memorisation,
    Modes,
    PrecisionRecall,
    Reconstruction,
    ReconstructionClassifier,
    Samples,
)
from raysweep.study.models import Autoencoder, Gan, Glo, LcVae, LeNet, Pca, Toy, Vae, WganGp
from raysweep.study.solvers import Automatic, BallLbfgs, LevenbergMarquardt, ProjectedAdam, WebsterLbfgs

__all__ = [
    "Arm",
    "Autoencoder",
    "Automatic",
    "BallLbfgs",
    "CelebA",
    "Cifar10",
    "ClassMap",
    "ClassRadius",
    "Digits",
    "ExactRadius",
    "FashionMnist",
    "FrechetDistance",
    "Gan",
    "Glo",
    "Grid2d",
    "ImageFolder",
    "KernelDistance",
    "LcVae",
    "LeNet",
    "LevenbergMarquardt",
    "Memorisation",
    "Mnist",
    "Modes",
    "Pca",
    "PrecisionRecall",
    "ProjectedAdam",
    "Reconstruction",
    "ReconstructionClassifier",
    "Resources",
    "Samples",
    "Study",
    "Toy",
    "Trial",
    "Vae",
    "WebsterLbfgs",
    "WganGp",
    "grid",
]
