"""One latent dimension memorises any data set in theory: what the polynomial of Eq. 2 does when it is computed.

The polynomial of "Impact of the latent space", Eq. 2, through 2 to 256 of scikit-learn's handwritten digits, for three
choices of what the paper leaves open, the latents of the images; as it is written and in the form that numerical
analysis prefers; in single and double precision. See docs/eq2.md for what comes out.

Costs 7.2 GFLOP in 96 trials: about a minute on one core.

Needs nothing but the installation.
"""

from raysweep.study import Arm, Digits, Interpolant, Polynomial, Resources, Study, grid

STUDY = Study(
    name="polynomial",
    title="The polynomial through the images",
    question="What becomes of a curve with one latent through all training images, once it is computed?",
    data=Digits(),
    arms=(
        Arm(
            model=Polynomial(),
            over={
                "nodes": grid("equispaced", "chebyshev", "normal_quantiles"),
                "form": grid("product", "barycentric"),
                "arithmetic": grid("float64", "float32"),
                "images": grid(2, 4, 8, 16, 32, 64, 128, 256),
            },
            resources=Resources(gpus=0.1),
        ),
    ),
    measures=(Interpolant(),),
)
