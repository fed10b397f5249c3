"""The model families, one file each, with every setting of theirs, and what they share.

Settings only: each names the learner in `raysweep.models` that trains it. Each family says what its networks are and
what a training step costs, so a study can be counted without torch.
"""

from raysweep.study.models.base import OTHER_BUDGET as OTHER_BUDGET
from raysweep.study.models.base import Beta as Beta
from raysweep.study.models.base import DescentSettings as DescentSettings
from raysweep.study.models.base import FamilySettings as FamilySettings
from raysweep.study.models.base import LatentSettings as LatentSettings
from raysweep.study.models.base import NonNegative as NonNegative
