from pathlib import Path

import pytest

from raysweep.errors import UserError
from raysweep.study import Autoencoder, Digits, Grid2d, Interpolation, Vae, WganGp
from raysweep.study.measures import Shard


def test_families_take_the_paths_that_they_can() -> None:
    measure, facts = Interpolation(ways=("linear", "spherical", "blend", "prior"), pairs=5), Digits().facts(Path())

    def parts(model: Vae | Autoencoder | WganGp) -> list[str]:
        return [shard.part for shard in measure.shards(model, facts)]

    assert parts(Vae()) == ["linear", "spherical", "blend", "prior"]
    assert parts(Autoencoder()) == ["linear", "spherical", "blend"]
    assert parts(WganGp()) == ["prior"]
    assert not Interpolation(ways=("linear",)).applies_to(WganGp())


def test_decoding_costs_more_than_blending() -> None:
    facts, model = Digits().facts(Path()), Vae(width=4)
    cost = {part: Interpolation().flop(model, facts, Shard(part, 0, 10)) for part in ("linear", "blend", "prior")}
    assert cost["linear"] > cost["prior"] > cost["blend"] > 0


def test_a_path_is_named_once() -> None:
    with pytest.raises(ValueError, match="names a path twice; name each once"):
        Interpolation(ways=("linear", "linear"))


def test_points_have_no_features_of_a_lenet() -> None:
    with pytest.raises(UserError, match="set space to 'pixels'"):
        Interpolation().check(Grid2d().facts(Path()), Path())
