"""2D-Grid: do GANs that capture more modes have a smaller class radius?

Trains the plain GAN, PacGAN with packs of 2 and 4, and WGAN-GP on a mixture of 25 Gaussians in the plane. The GANs
have PacGAN's networks, optimiser and budget of 400 epochs; the WGAN-GP has the same networks and a tenth of the steps.
Learning rates go from PacGAN's up to those at which modes are lost, so that models differ in how far they collapse.
Each model is a point of captured modes against class radius, whose classes are the nearest modes. `--set data.n=1` and
`--set data.n=3` are the variants with 9 and 49 modes.

Costs 53.7 PFLOP in 120 trials. Steps are so small that their number, 37 million, counts more than their operations:
reckon days on one GPU that ten trials share. That is not measured yet.

Needs nothing but the installation.

Source: Manoj (2018), Section 3.1 and Fig. 3.1; Lin, Khetan, Fanti and Oh (2018), Section 4.1, for training and modes.
"""

from raysweep.study import Arm, ClassMap, ClassRadius, Gan, Grid2d, Modes, Resources, Study, WganGp, grid

SHARED_GPU = Resources(gpus=0.1)
RATES = {"latent_dim": grid(2, 10), "learning_rate": grid(1e-4, 1e-3, 1e-2)}

MEASURES = (
    Modes(),
    ClassRadius(classifier="nearest_mode"),
    ClassMap(classifier="nearest_mode"),
)


def pacgan(packing: int) -> Gan:
    """PacGAN's training on 2D-Grid, with packs of that many points; its learning rate is 1e-4."""
    return Gan(layers="mlp", width=400, batch=100, steps=400_000, betas=(0.8, 0.999), packing=packing)


def short_gan(**settings: object) -> Gan:
    """Large batches and learning rates, so that 2,500 steps of a network of width 64 make sharp modes or lose them."""
    return Gan.model_validate(
        {"layers": "mlp", "width": 64, "batch": 512, "steps": 2_500, "betas": (0.5, 0.999), "latent_dim": 2} | settings
    )


STUDY = Study(
    name="grid2d",
    title="Captured modes and class radius on 2D-Grid",
    question="Do GANs that capture more modes have a smaller class radius?",
    data=Grid2d(n=2),
    arms=(
        Arm(model=pacgan(1), over=RATES, resources=SHARED_GPU),
        Arm(name="pacgan2", model=pacgan(2), over=RATES, resources=SHARED_GPU),
        Arm(name="pacgan4", model=pacgan(4), over=RATES, resources=SHARED_GPU),
        # Penalty and betas are those of the toy experiments of Gulrajani et al. (2017), in their code.
        Arm(
            model=WganGp(layers="mlp", width=400, batch=100, steps=40_000, gradient_penalty=0.1, betas=(0.5, 0.9)),
            over=RATES,
            resources=SHARED_GPU,
        ),
    ),
    seeds=(0, 1, 2, 3, 4),
    measures=MEASURES,
    estimated_device="a100",
)

# Chosen in runs of one seed by captured modes and the share of high-quality samples alone, before any class radius was
# computed: some arms and rates lose modes and keep the rest sharp, and others cover nearly all modes.

LARGE_RATES = {"learning_rate": grid(1e-3, 2e-3, 4e-3)}

REDUCED = Study(
    name="grid2d_reduced",
    title="Captured modes and class radius on 2D-Grid, reduced",
    question=STUDY.question,
    reduction="20,000 of 100,000 training points; networks of width 64 instead of 400; 2,500 steps on batches of 512 "
    "instead of 400,000 on 100 (1,000 of the WGAN-GP on 256), of larger learning rates; dim(z) = 2 alone. One more arm "
    "updates the discriminator three times a step, which loses modes and keeps the rest sharp.",
    data=Grid2d(n=2, train=20_000, validation=2_000),
    arms=(
        Arm(model=short_gan(), over=LARGE_RATES),
        Arm(
            name="gan_3_discriminator_steps",
            model=short_gan(discriminator_steps=3, batch=256, steps=2_000),
            over={"learning_rate": grid(1e-3, 2e-3)},
        ),
        Arm(name="pacgan2", model=short_gan(packing=2, batch=256), over={"learning_rate": grid(2e-3)}),
        Arm(
            model=WganGp(
                layers="mlp",
                width=64,
                batch=256,
                steps=1_000,
                betas=(0.5, 0.9),
                gradient_penalty=0.1,
                latent_dim=2,
            ),
            over={"learning_rate": grid(2e-3)},
        ),
    ),
    seeds=(0, 1, 2, 3, 4),
    measures=MEASURES,
)
