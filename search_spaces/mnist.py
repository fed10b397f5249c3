"""MNIST: every family and every control side by side, at an eighth of the paper's width.

The proof of concept of "Impact of the latent space" (Figure 9), and what its reviewers asked for, on 60,000 real
images: how reconstruction, sample quality and the class radius change from 2 to 64 latent dimensions. Beside the
WGAN-GP and the autoencoder stand a VAE and an LC-VAE; GANs with the non-saturating loss, plain and with spectral
normalisation; GLO, which is asked for nothing but to reach the training images; PCA; the untrained generator, which is
degrees of freedom alone; and a WGAN-GP whose width shrinks as dim(z) grows, so that all have as many parameters.

Generators are inverted by our solvers (`reconstruction`), as the paper does it with fewer and longer steps
(`projected_adam`), and without its ball (`unprojected`, Figure 10). `inverted_decoder` inverts decoders by the same
solver as generators. Figures 6 to 8 with other targets are parts of `reconstruction`; `training_set` keeps the latents
of the images that a LeNet learns from.

Costs 30.7 PFLOP in 91 trials: a day or two of eight CPU cores. On one GPU, which four trials share, reckon hours;
that is not measured yet.

Needs MNIST and Fashion-MNIST in the data folder, or a connection to download them. The reduced form needs MNIST only.
"""

from raysweep.study import (
    Arm,
    Autoencoder,
    Automatic,
    BallLbfgs,
    BirthdayTest,
    ClassRadius,
    Digits,
    FashionMnist,
    FrechetDistance,
    Gan,
    Glo,
    KernelDistance,
    LcVae,
    LeNet,
    LossSurface,
    Memorisation,
    Mnist,
    Pca,
    PrecisionRecall,
    ProjectedAdam,
    Reconstruction,
    ReconstructionClassifier,
    Resources,
    Samples,
    Study,
    Vae,
    Weights,
    WganGp,
    grid,
)

DIMENSIONS = {"latent_dim": grid(2, 10, 64)}
SHARED_GPU = Resources(gpus=0.25)

STUDY = Study(
    name="mnist",
    title="Latent dimension on MNIST",
    question="How do reconstruction, sample quality and class radius depend on dim(z), and what explains it?",
    data=Mnist(),
    arms=(
        Arm(model=WganGp(steps=8_000, width=16), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(model=Autoencoder(steps=10_000, width=16), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(model=Vae(epochs=20, width=32), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(model=LcVae(epochs=20, width=32), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(model=Gan(steps=8_000, width=16), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(
            name="sn_gan",
            model=Gan(steps=8_000, width=16, spectral_norm=True),
            over=DIMENSIONS,
            resources=SHARED_GPU,
        ),
        Arm(model=Glo(steps=20_000, width=16), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(model=Pca(), over=DIMENSIONS, resources=SHARED_GPU),
        Arm(name="untrained", model=WganGp(steps=0, width=16), over=DIMENSIONS, resources=SHARED_GPU),
        # The budget is that of the WGAN-GP's generator at dim(z) = 2.
        Arm(
            name="matched",
            model=WganGp(steps=8_000, width=16, parameter_budget=75_000),
            over=DIMENSIONS,
            resources=SHARED_GPU,
        ),
    ),
    seeds=(0, 1, 2),
    measures=(
        Reconstruction(images=500, shifts=(1, 2, 4), foreign=FashionMnist(), noise=100),
        Reconstruction(name="inverted_decoder", images=500, decoder="invert"),
        Reconstruction(
            name="unprojected", arms=("wgan_gp",), images=500, keep=0, solver=Automatic(feasible="everything")
        ),
        Reconstruction(
            name="projected_adam", images=200, keep=0, solver=ProjectedAdam(steps=1_000, learning_rate=0.1), shard=50
        ),
        Reconstruction(
            name="training_set",
            arms=("wgan_gp", "autoencoder", "glo"),
            images=10_000,
            generated=0,
            keep=0,
            latents=True,
        ),
        ReconstructionClassifier(of="training_set", images=10_000),
        FrechetDistance(features="lenet", samples=10_000),
        KernelDistance(),
        PrecisionRecall(),
        Memorisation(),
        BirthdayTest(),
        ClassRadius(samples=500),
        Weights(),
        LossSurface(),
        Samples(),
    ),
    estimated_device="laptop-core",
)

QUICK = BallLbfgs(bank=5_000, starts=4, steps=120)

# Learning rates are raised to what does best in so few steps.
REDUCED = Study(
    name="mnist_reduced",
    title="Latent dimension on MNIST, reduced",
    question=STUDY.question,
    reduction="5,000 of 60,000 training images; generators half as wide; 300 generator iterations, with 2 critic "
    "steps on batches of 32, instead of 8,000 with 5 on 64; 600 to 800 steps for the other families; 2 "
    "seeds instead of 3; 16 images inverted instead of 500, with at most 120 steps from 4 starts; "
    "scikit-learn's digits are the foreign images, not Fashion-MNIST. Its models are not trained to their end: "
    "it shows that every experiment runs, and what it looks like.",
    data=Mnist(limit=5_000),
    arms=(
        Arm(model=WganGp(steps=300, critic_steps=2, batch=32, learning_rate=1e-3, width=8), over=DIMENSIONS),
        Arm(model=Autoencoder(steps=600, batch=32, learning_rate=2e-3, width=8), over=DIMENSIONS),
        Arm(model=Vae(steps=800, batch=64, learning_rate=2e-3, width=16), over=DIMENSIONS),
        Arm(model=Gan(steps=300, batch=32, learning_rate=5e-4, width=8), over=DIMENSIONS),
        Arm(
            name="sn_gan",
            model=Gan(steps=300, batch=32, learning_rate=5e-4, width=8, spectral_norm=True),
            over=DIMENSIONS,
        ),
        Arm(model=Glo(steps=800, batch=32, width=8), over=DIMENSIONS),
        Arm(model=Pca(), over=DIMENSIONS),
        Arm(name="untrained", model=WganGp(steps=0, width=8), over=DIMENSIONS),
        Arm(
            name="matched",
            model=WganGp(steps=300, critic_steps=2, batch=32, learning_rate=1e-3, width=8, parameter_budget=36_000),
            over=DIMENSIONS,
        ),
    ),
    seeds=(0, 1),
    measures=(
        Reconstruction(images=16, generated=16, shard=16, shifts=(1, 4), foreign=Digits(), noise=12, solver=QUICK),
        Reconstruction(name="inverted_decoder", images=16, generated=16, shard=16, decoder="invert", solver=QUICK),
        Reconstruction(
            name="unprojected",
            arms=("wgan_gp",),
            images=48,
            generated=0,
            shard=48,
            keep=0,
            solver=BallLbfgs(bank=5_000, starts=4, steps=120, feasible="everything"),
        ),
        Reconstruction(
            name="training_set",
            arms=("wgan_gp", "autoencoder"),
            images=120,
            generated=0,
            shard=60,
            keep=0,
            latents=True,
            solver=QUICK,
        ),
        ReconstructionClassifier(of="training_set", images=120, classifier=LeNet(steps=300)),
        FrechetDistance(features="lenet", samples=2_000),
        KernelDistance(samples=2_000),
        PrecisionRecall(samples=2_000),
        Memorisation(samples=1_000),
        BirthdayTest(samples=2_000),
        ClassRadius(arms=("wgan_gp", "vae"), samples=30, shard=30, bank=2_000),
        Weights(),
        LossSurface(arms=("wgan_gp",)),
        Samples(),
    ),
    classifier=LeNet(epochs=8),
)
