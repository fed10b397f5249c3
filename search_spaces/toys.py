"""The examples of "Looser is Worse" that are formulas: the class radius, known exactly, and its estimate.

Answers whether the search for the nearest other class finds it, on generators where r(z), E[r(z)] and the class
probabilities have closed forms, and draws the classes in their latent spaces. Nothing is trained.

Costs 0 FLOP in 2 trials: seconds.

Needs nothing but the installation.

Source: Manoj (2018), Examples 2.1 and 2.2, Fig. 2.1.
"""

from raysweep.study import Arm, ClassMap, ClassRadius, ExactRadius, Grid2d, Study, Toy

STUDY = Study(
    name="toys",
    title="Class radii of generators that are formulas",
    question="Does the estimated class radius equal the exact one where that is known?",
    data=Grid2d(n=2, train=1_000, validation=100),
    arms=(Arm(name="square", model=Toy(generator="square")), Arm(name="lattice", model=Toy(generator="lattice"))),
    measures=(
        ClassRadius(classifier="nearest_mode", samples=1_000),
        ExactRadius(),
        ClassMap(classifier="nearest_mode"),
    ),
)
