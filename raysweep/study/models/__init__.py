"""The model families, one file each, with every setting of theirs.

Settings only: `raysweep.models` has the learners. Each family says what its networks are and what a training step
costs, so a study can be counted without torch.
"""

from typing import Annotated

from pydantic import Field

from raysweep.study.models.adversarial import AdversarialSettings
from raysweep.study.models.autoencoder import Autoencoder
from raysweep.study.models.base import (
    OTHER_BUDGET,
    Beta,
    DescentSettings,
    FamilySettings,
    LatentSettings,
    NonNegative,
)
from raysweep.study.models.gan import Gan
from raysweep.study.models.glo import Glo
from raysweep.study.models.lenet import LeNet
from raysweep.study.models.pca import Pca
from raysweep.study.models.polynomial import Polynomial
from raysweep.study.models.toy import Toy
from raysweep.study.models.vae import LcVae, Vae, VaeSettings
from raysweep.study.models.wgan_gp import WganGp

__all__ = [
    "OTHER_BUDGET",
    "AdversarialSettings",
    "AnyLearner",
    "AnyModel",
    "Autoencoder",
    "Beta",
    "DescentSettings",
    "FamilySettings",
    "Gan",
    "Glo",
    "LatentSettings",
    "LcVae",
    "LeNet",
    "NonNegative",
    "Pca",
    "Polynomial",
    "Toy",
    "Vae",
    "VaeSettings",
    "WganGp",
]

AnyModel = Annotated[
    WganGp | Gan | Autoencoder | Vae | LcVae | Pca | Glo | Polynomial | Toy,
    Field(discriminator="family"),
]
"""Every family that an arm can sweep. A new one is added here and in `raysweep.models`."""
AnyLearner = Annotated[
    WganGp | Gan | Autoencoder | Vae | LcVae | Pca | Glo | Polynomial | Toy | LeNet,
    Field(discriminator="family"),
]
"""Every family that can be trained."""
