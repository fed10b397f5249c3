"""Model families in plain PyTorch: they know no Ray, no files and no study."""

import torch

from raysweep.models.autoencoder import AutoencoderLearner
from raysweep.models.gan import GanLearner
from raysweep.models.glo import GloLearner
from raysweep.models.learner import Learner
from raysweep.models.lenet import LeNetLearner
from raysweep.models.pca import PcaLearner
from raysweep.models.polynomial import PolynomialLearner
from raysweep.models.toy import ToyLearner
from raysweep.models.vae import LcVaeLearner, VaeLearner
from raysweep.models.wgan_gp import WganGpLearner
from raysweep.study.data import DataFacts
from raysweep.study.models import Autoencoder, FamilySettings, Gan, Glo, LcVae, LeNet, Pca, Polynomial, Toy, Vae, WganGp

LEARNERS: dict[type[FamilySettings], type[Learner]] = {
    WganGp: WganGpLearner,
    Gan: GanLearner,
    Autoencoder: AutoencoderLearner,
    Vae: VaeLearner,
    LcVae: LcVaeLearner,
    Pca: PcaLearner,
    Glo: GloLearner,
    Polynomial: PolynomialLearner,
    Toy: ToyLearner,
    LeNet: LeNetLearner,
}
"""The learner of every family. A new family is one file here, its settings in `raysweep.study`, and one line."""


def build_learner(settings: FamilySettings, facts: DataFacts, seed: int, device: torch.device) -> Learner:
    """The learner of a family, initialised from the seed and not yet trained.

    Raises:
        ValueError: the family cannot work on images of that shape.
    """
    return LEARNERS[type(settings)](settings, facts, seed, device)
