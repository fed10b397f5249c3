"""The class radius of a toy, exactly, with the probabilities of its classes."""

from typing import ClassVar, Literal

from typing_extensions import override

from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import FamilySettings
from raysweep.study.models.toy import Toy
from raysweep.study.table import REAL, REALS, TRIAL, Column, Table

EXACT_RADIUS = Table(
    "exact_radius",
    "a toy",
    (
        MEASURE,
        TRIAL,
        Column("radius", REAL, "E[r(z)] for z ~ N(0, I), by a closed form and quadrature"),
        Column("probabilities", REALS, "pᵢ, the probability of each class, by class number"),
        Column("bound", REAL, "upper bound of E[r(z)] for classes so probable: Σ Φ⁻¹(pᵢ) pᵢ + φ(Φ⁻¹(pᵢ))"),
    ),
    keys=2,
)


class ExactRadius(MeasureSettings):
    """E[r(z)] and the class probabilities of a toy, without sampling; to be compared with the estimate of
    `ClassRadius`.

    Source: Manoj (2018), Examples 2.1 and 2.2; the bound is that of Lemma B.4.
    """

    code: ClassVar[str] = "raysweep.measures.exact_radius"
    table: ClassVar[Table] = EXACT_RADIUS
    needs_images: ClassVar[bool] = False
    kind: Literal["exact_radius"] = "exact_radius"
    name: Name = "exact_radius"

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Only to toys."""
        return isinstance(model, Toy)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One."""
        return (Shard("exact", 0, 1),)

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """Nothing to speak of."""
        return 0.0
