"""How the weights of each layer are distributed, before and after training."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.study.architecture import Conv, Dense, Layer, Maxout
from raysweep.study.base import Name
from raysweep.study.data import DataFacts
from raysweep.study.measures.base import MEASURE, MeasureSettings, Shard
from raysweep.study.models import DescentSettings, FamilySettings
from raysweep.study.table import INTEGER, REAL, REALS, TEXT, TRIAL, Column, Table

NetworkName = Literal["generator", "decoder", "critic", "discriminator", "encoder", "mean", "log_variance"]

WEIGHTED: tuple[type[Layer], ...] = (Dense, Conv, Maxout)
"""Layers with a weight tensor. BatchNorm's gains are none, nor are vectors that are looked up."""

LARGEST_SAMPLE = 5_000
"""Royston's approximation of Shapiro and Wilk's coefficients holds up to so many values."""

WEIGHTS = Table(
    "weights",
    "the weight tensor of a layer, in one state",
    (
        MEASURE,
        TRIAL,
        Column("part", TEXT, "state of the weights: trained, or initial as the trial's seed drew them"),
        Column("network", TEXT, "network of the layer, such as generator or decoder"),
        Column("layer", INTEGER, "place of the layer among those with weights in its network, from 1, input first"),
        Column("kind", TEXT, "dense, convolution or transposed convolution"),
        Column("count", INTEGER, "number of weights; biases are left out"),
        Column("mean", REAL, "their mean"),
        Column("std", REAL, "their standard deviation (divisor: count)"),
        Column("skewness", REAL, "third standardised moment: 0 for a normal distribution; NaN if they are all equal"),
        Column(
            "excess_kurtosis",
            REAL,
            "fourth standardised moment less 3: 0 for a normal distribution, −1.2 for a uniform one; NaN as above",
        ),
        Column(
            "ks_distance",
            REAL,
            "Kolmogorov-Smirnov distance to the normal distribution of that mean and standard deviation: the largest "
            "difference of the distribution functions, 0.057 for a uniform distribution; NaN as above",
        ),
        Column(
            "shapiro_w",
            REAL,
            "Shapiro and Wilk's W of a random sample of the weights: 1 if it looks normal; NaN as above",
        ),
        Column("shapiro_sample", INTEGER, "number of weights in that sample"),
        Column("smallest", REAL, "the smallest weight, where the histogram starts"),
        Column("largest", REAL, "the largest weight, where it ends"),
        Column("histogram", REALS, "share of the weights in each of equally wide bins"),
    ),
    keys=5,
)


class Weights(MeasureSettings):
    """How the weights of each dense and convolutional layer are distributed, `trained` and `initial`.

    How far they are from normal is stated as sizes (Kolmogorov-Smirnov distance, kurtosis, W), not as p-values. A
    p-value tells whether a deviation is real, not whether it is large: among 10⁷ weights a distance of 0.0003 is
    already significant at 5 % (Lilliefors), so every layer of every network would be "not normal". Nor are weights
    that were trained together independent draws, which such tests assume.

    The initial weights come from Glorot's *uniform* distribution: they are not normal.

    Source: Pinetz, Soukup and Pock (2019), Section 3 and Fig. 1; Shapiro and Wilk (1965); Royston (1995).
    """

    code: ClassVar[str] = "raysweep.measures.weights"
    table: ClassVar[Table] = WEIGHTS
    needs_images: ClassVar[bool] = False
    kind: Literal["weights"] = "weights"
    name: Name = "weights"
    networks: tuple[NetworkName, ...] = ("generator", "decoder")
    """Those that are examined, of each model that has them."""
    bins: Annotated[int, Field(ge=2)] = 200
    """Of each histogram."""
    sample: Annotated[int, Field(ge=3, le=LARGEST_SAMPLE)] = LARGEST_SAMPLE
    """Weights, at most, of which Shapiro and Wilk's W is computed."""

    @override
    def applies_to(self, model: FamilySettings) -> bool:
        """Where weights are trained by descent, so that they have an initial state."""
        return isinstance(model, DescentSettings)

    @override
    def shards(self, model: FamilySettings, facts: DataFacts) -> tuple[Shard, ...]:
        """One per state, whose items are the layers; none where the networks are not there."""
        networks = model.networks(facts)
        layers = sum(
            isinstance(layer, WEIGHTED) for name in self.networks if name in networks for layer in networks[name].layers
        )
        return (Shard("initial", 0, layers), Shard("trained", 0, layers)) if layers else ()

    @override
    def flop(self, model: FamilySettings, facts: DataFacts, shard: Shard) -> float:
        """To sort n weights takes n log₂ n comparisons, 25 n for large layers."""
        networks = model.networks(facts)
        return 25.0 * sum(networks[name].parameters for name in self.networks if name in networks)
