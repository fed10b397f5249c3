from raysweep.study import (
    ClassMap,
    Toy,
    Vae,
)


def test_maps_are_drawn_of_planes_only() -> None:
    assert [ClassMap().applies_to(model) for model in (Vae(latent_dim=2), Vae(latent_dim=3), Toy())] == [
        True,
        False,
        True,
    ]
