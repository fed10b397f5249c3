"""The vocabulary in which studies are written. No torch and no Ray, so a study is counted and costed without either.

This is the only list of the data sets, families, measures and solvers that come with raysweep.
"""

from raysweep.study.core import Arm as Arm
from raysweep.study.core import Resources as Resources
from raysweep.study.core import Study as Study
from raysweep.study.core import Trial as Trial
from raysweep.study.core import grid as grid
from raysweep.study.data import CelebA as CelebA
from raysweep.study.data import Cifar10 as Cifar10
from raysweep.study.data import Digits as Digits
from raysweep.study.data import FashionMnist as FashionMnist
from raysweep.study.data import Grid2d as Grid2d
from raysweep.study.data import ImageFolder as ImageFolder
from raysweep.study.data import Mnist as Mnist
from raysweep.study.measures.birthday_test import BirthdayTest as BirthdayTest
from raysweep.study.measures.class_map import ClassMap as ClassMap
from raysweep.study.measures.class_radius import ClassRadius as ClassRadius
from raysweep.study.measures.classes import WithinEpsilon as WithinEpsilon
from raysweep.study.measures.encodings import Encodings as Encodings
from raysweep.study.measures.exact_radius import ExactRadius as ExactRadius
from raysweep.study.measures.frechet import FrechetDistance as FrechetDistance
from raysweep.study.measures.holes import Holes as Holes
from raysweep.study.measures.interpolant import Interpolant as Interpolant
from raysweep.study.measures.interpolation import Interpolation as Interpolation
from raysweep.study.measures.kernel_distance import KernelDistance as KernelDistance
from raysweep.study.measures.loss_surface import LossSurface as LossSurface
from raysweep.study.measures.memorisation import Memorisation as Memorisation
from raysweep.study.measures.modes import Modes as Modes
from raysweep.study.measures.omega import Omega as Omega
from raysweep.study.measures.precision_recall import PrecisionRecall as PrecisionRecall
from raysweep.study.measures.reconstruction import Reconstruction as Reconstruction
from raysweep.study.measures.reconstruction_classifier import ReconstructionClassifier as ReconstructionClassifier
from raysweep.study.measures.samples import Samples as Samples
from raysweep.study.measures.weights import Weights as Weights
from raysweep.study.models.autoencoder import Autoencoder as Autoencoder
from raysweep.study.models.gan import Gan as Gan
from raysweep.study.models.glo import Glo as Glo
from raysweep.study.models.lenet import LeNet as LeNet
from raysweep.study.models.pca import Pca as Pca
from raysweep.study.models.polynomial import Polynomial as Polynomial
from raysweep.study.models.toy import Toy as Toy
from raysweep.study.models.vae import LcVae as LcVae
from raysweep.study.models.vae import Vae as Vae
from raysweep.study.models.wgan_gp import WganGp as WganGp
from raysweep.study.solvers import Automatic as Automatic
from raysweep.study.solvers import BallLbfgs as BallLbfgs
from raysweep.study.solvers import LevenbergMarquardt as LevenbergMarquardt
from raysweep.study.solvers import ProjectedAdam as ProjectedAdam
from raysweep.study.solvers import WebsterLbfgs as WebsterLbfgs
