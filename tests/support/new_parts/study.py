"""A study of parts that raysweep does not come with."""

from raysweep.study import Arm, Brightness, Digits, MeanMatch, RandomSearch, Reconstruction, Study

STUDY = Study(
    name="own",
    title="Own parts",
    question="Do they work?",
    data=Digits(limit=100),
    arms=(Arm(model=MeanMatch(steps=20, latent_dim=2)),),
    seeds=(0, 1),
    measures=(
        Brightness(),
        Reconstruction(images=4, generated=2, repeated=1, solver=RandomSearch(steps=5)),
    ),
)
