"""The polynomial through the training images."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from raysweep.study.architecture import Lookup, Network
from raysweep.study.data import DataFacts
from raysweep.study.models.base import LatentSettings


class Polynomial(LatentSettings):
    """The polynomial of degree n − 1 through n training images: g(z) = Σ xᵢ Πⱼ≠ᵢ (pⱼ − z) / (pⱼ − pᵢ), with one latent.

    The paper's proof that one dimension is enough to memorise a data set. Nothing is learned: the first n images that a
    trial of this seed would be shown become the values at the nodes p, in that order, from the smallest node up.

    Source: Pinetz, Soukup and Pock (2019), Eq. 2. Neither the nodes nor the arithmetic are stated there.
    """

    code: ClassVar[str] = "raysweep.models.polynomial:PolynomialLearner"
    has_prior: ClassVar[bool] = True
    has_encoder: ClassVar[bool] = False
    family: Literal["polynomial"] = "polynomial"
    latent_dim: Literal[1] = 1
    images: Annotated[int, Field(ge=2)] = 16
    """n, the number of images that it goes through."""
    nodes: Literal["equispaced", "chebyshev", "normal_quantiles"] = "equispaced"
    """The latents p of the images: equally spaced over the ball |z| ≤ √(1 + 3√2) of Eq. 5, its ends included; the
    Chebyshev points of the ball; or the quantiles (i − ½) / n of the prior, which give every image equal mass."""
    form: Literal["product", "barycentric"] = "product"
    """Eq. 2 as it is written, in n² operations; or the second barycentric form of the same polynomial, in n.
    Source of the latter: Berrut and Trefethen (2004), Eq. 4.2."""
    arithmetic: Literal["float32", "float64"] = "float64"
    """In which nodes and the polynomial are computed. Images are float32."""

    @property
    @override
    def images_per_step(self) -> int:
        """All of its images."""
        return self.images

    @override
    def total_steps(self, facts: DataFacts) -> int:
        """It takes its images at once."""
        return 1

    @override
    def networks(self, facts: DataFacts) -> dict[str, Network]:
        """The images.

        Raises:
            ValueError: there are not so many.
        """
        if self.images > facts.train:
            raise ValueError(f"images is {self.images}: there are {facts.train} training images; give no more")
        return {"images": Network((Lookup(self.images, facts.shape.pixels),))}

    @override
    def values_to_continue(self, facts: DataFacts) -> int:
        """The images."""
        return self.parameters(facts)

    @override
    def flop_per_step(self, facts: DataFacts) -> float:
        """None."""
        return 0.0

    @override
    def decoder_flop(self, facts: DataFacts) -> float:
        """The basis, three operations a factor or four a term, and the sum of the images."""
        basis = 3.0 * self.images**2 if self.form == "product" else 4.0 * self.images
        return basis + 2.0 * self.images * facts.shape.pixels
