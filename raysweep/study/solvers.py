"""How a generator is inverted. Settings only: `raysweep.inversion` has the code that runs."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator
from typing_extensions import override

from raysweep.study.base import Kind, Positive
from raysweep.study.models import Beta

Feasible = Literal["paper_ball", "chi2_ball", "shell", "everything"]
"""‖z‖² ≤ d + 3√(2d) (Pinetz et al., Eq. 5); ‖z‖² ≤ the 99.7 % point of χ² with d degrees of freedom; ‖z‖² between its
0.15 % and 99.85 % points; no constraint."""

NEWTON_UP_TO = 4
"""The largest dim(z) at which `Automatic` takes Levenberg-Marquardt, whose steps cost dim(z) + 2 passes.

Measured on digits: at dim(z) = 2 both end at the same errors and this is three times cheaper; at 10, L-BFGS with
scouted starts ends at smaller errors for the same number of passes.
"""

MANY_STARTS_UP_TO = 32
"""The largest dim(z) at which `Automatic` begins L-BFGS from eight places; above, it begins from the regressed latent.

Measured on digits: at dim(z) = 8, eight starts end at a mean error 13 % below that of four (of GLO's training images);
at 64 and 256, and at 64 on MNIST and CIFAR-10, one ends at the same errors as four (of WGAN-GPs), for 19 to 26 % fewer
passes.
"""


class Solver(Kind):
    """The settings that all solvers share.

    `code` is a function of `raysweep.inversion`: from a generator, images, starts (starts, images, dim(z)), the
    settings and what images share to an `Inversion`. `label` is what a caption calls it, "inverted by …".
    """

    tag: ClassVar[str] = "solver"
    solver: str
    if TYPE_CHECKING:
        feasible: Feasible  # every solver has this field, after others; declared here for pydantic too, it would move

    @property
    def random_starts(self) -> int:
        """Prior samples from which the search of one image starts."""
        return 0

    @property
    def bank_size(self) -> int:
        """Prior samples that are generated once for all images, to start from those nearest to each."""
        return 0

    def probe_count(self, latent_dim: int) -> int:
        """Prior samples whose gradients make the first inverse Hessian, once for all images."""
        return 0

    def shared_passes(self, latent_dim: int) -> float:
        """Generator passes spent once for all images of a generator: the bank, and forth and back for each probe."""
        return float(self.bank_size + 2 * self.probe_count(latent_dim))

    def at(self, latent_dim: int) -> "Solver":
        """The solver that is used at a dim(z): itself, unless it chooses."""
        return self

    def longer(self, times: int) -> Self:
        """With `times` as many steps, for solvers that have steps: one that chooses is asked `at` a dim(z) first."""
        return self.model_copy(update={"steps": times * self.model_dump()["steps"]})

    def expected_passes(self, latent_dim: int) -> float:
        """Generator passes per image, for plans: all that may be spent, unless it usually ends earlier."""
        raise NotImplementedError


class ProjectedAdam(Solver):
    """Inversion by Adam, projected to the plausible latents after every step.

    Source: Pinetz, Soukup and Pock (2019), Eq. 5 and supplementary: 10,000 steps, default settings. Where the search
    starts is not stated there.
    """

    code: ClassVar[str] = "raysweep.inversion.projected_adam:invert"
    label: ClassVar[str] = "projected Adam"
    solver: Literal["projected_adam"] = "projected_adam"
    steps: PositiveInt = 10_000
    learning_rate: Positive = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    start: Literal["prior", "zero"] = "prior"
    """A prior sample (seeded, one per image), or z = 0."""
    restarts: PositiveInt = 1
    """Searches per image, from independent starts; the best is kept. Only useful with start="prior"."""
    feasible: Feasible = "paper_ball"

    @property
    @override
    def random_starts(self) -> int:
        return self.restarts if self.start == "prior" else 0

    @property
    def passes(self) -> int:
        """Generator passes per image: a forward and a backward one per step and restart, and the last evaluation."""
        return (2 * self.steps + 1) * self.restarts

    @override
    def expected_passes(self, latent_dim: int) -> float:
        """Exactly `passes`."""
        return float(self.passes)


class WebsterLbfgs(Solver):
    """Inversion as Webster et al. publish it: plain L-BFGS from one prior sample, an image at a time, unconstrained.

    Their code calls PyTorch's L-BFGS 50 times for one iteration each, with its defaults (unit steps, no line search,
    a memory of 100), on the mean squared error per pixel value.

    Source: Webster, Rabin, Simon and Jurie (2019), Section 2, and the code published with it.
    """

    code: ClassVar[str] = "raysweep.inversion.webster:invert"
    label: ClassVar[str] = "Webster's L-BFGS"
    solver: Literal["webster_lbfgs"] = "webster_lbfgs"
    steps: PositiveInt = 50
    restarts: PositiveInt = 1
    """Searches per image, from independent starts; the best is kept."""
    feasible: Literal["everything"] = "everything"

    @property
    @override
    def random_starts(self) -> int:
        return self.restarts

    @override
    def expected_passes(self, latent_dim: int) -> float:
        """A forward and a backward pass per step, and the last evaluation."""
        return float((2 * self.steps + 1) * self.restarts)


class BankedSolver(Solver):
    """A solver that takes its starts from a bank of prior samples.

    Its starts are the latent that regression on the image gives, z = 0, and the samples whose images are nearest.
    """

    bank: Annotated[int, Field(ge=0)] = 30_000
    """Prior samples in the bank. They are generated once per model, cost one pass each, and are kept in memory."""
    starts: PositiveInt = 4
    """Starts per image: the regressed latent, z = 0, and the nearest of the bank; without a bank, z = 0 alone."""
    feasible: Feasible = "paper_ball"

    @model_validator(mode="after")
    def _enough_starts(self) -> Self:
        if self.starts - 1 > self.bank:
            raise ValueError(
                f"starts is {self.starts}: z = 0 and {self.starts - 1} from a bank of {self.bank}; "
                "give a larger bank, or fewer starts"
            )
        return self

    @property
    @override
    def bank_size(self) -> int:
        return self.bank


class LevenbergMarquardt(BankedSolver):
    """Inversion by Levenberg-Marquardt steps with the exact Jacobian, on the ball; for small dim(z)."""

    version: ClassVar[int] = 2
    code: ClassVar[str] = "raysweep.inversion.levenberg_marquardt:invert"
    label: ClassVar[str] = "Levenberg-Marquardt on the ball"
    solver: Literal["levenberg_marquardt"] = "levenberg_marquardt"
    finalists: PositiveInt = 2
    """Searches per image that are made, from the starts whose images are nearest."""
    steps: PositiveInt = 60
    """At most, from each start."""

    @override
    def expected_passes(self, latent_dim: int) -> float:
        """A pass for each start; then a step takes dim(z) + 2 passes, and about 4 + dim(z) / 2 steps are usual."""
        steps = min(self.steps, 4 + latent_dim // 2)
        return self.starts + min(self.starts, self.finalists) * steps * (latent_dim + 2.0)


class BallLbfgs(BankedSolver):
    """Inversion by L-BFGS on the ball, with a step length for each image."""

    version: ClassVar[int] = 2
    code: ClassVar[str] = "raysweep.inversion.ball_lbfgs:invert"
    label: ClassVar[str] = "L-BFGS on the ball"
    solver: Literal["ball_lbfgs"] = "ball_lbfgs"
    starts: PositiveInt = 8
    """Starts per image: the regressed latent, z = 0, and the nearest of the bank; without a bank, z = 0 alone."""
    scout_steps: Annotated[int, Field(ge=0)] = 20
    """After so many steps from every start only the best `finalists` go on."""
    finalists: PositiveInt = 1
    """Searches per image that go on after scouting."""
    steps: PositiveInt = 200
    """At most, from each start. More bring images nearer at large dim(z), slowly."""
    memory: PositiveInt = 8
    """Pairs of steps and gradient differences that are remembered."""
    probes: Annotated[int, Field(ge=0)] = 32
    """Prior samples per latent dimension whose gradients make the first inverse Hessian, once per model, at two passes
    each; 0 for none."""

    @override
    def probe_count(self, latent_dim: int) -> int:
        return self.probes * latent_dim

    @override
    def expected_passes(self, latent_dim: int) -> float:
        """Two a step; searches end before `steps` as a rule only where dim(z) is small."""
        steps = min(self.steps, 40 + 3 * latent_dim) if latent_dim <= MANY_STARTS_UP_TO else self.steps
        scouting = min(steps, self.scout_steps)
        return 2.0 * (self.starts * (scouting + 1) + self.finalists * (steps - scouting))


class Automatic(Solver):
    """Ours: Levenberg-Marquardt up to dim(z) = 4, L-BFGS above, from one start where dim(z) is large."""

    version: ClassVar[int] = 2
    solver: Literal["automatic"] = "automatic"
    feasible: Feasible = "paper_ball"

    @override
    def at(self, latent_dim: int) -> LevenbergMarquardt | BallLbfgs:
        if latent_dim <= NEWTON_UP_TO:
            return LevenbergMarquardt(feasible=self.feasible)
        if latent_dim <= MANY_STARTS_UP_TO:
            return BallLbfgs(feasible=self.feasible)
        return BallLbfgs(feasible=self.feasible, bank=10_000, starts=1, scout_steps=0)

    @override
    def expected_passes(self, latent_dim: int) -> float:
        """Those of the solver that is chosen."""
        return self.at(latent_dim).expected_passes(latent_dim)
