import pickle
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.error import URLError

import pytest
import torch
from pytorch_fid import inception
from torchvision.models.inception import Inception3

from raysweep.errors import UserError
from raysweep.measures.features import inception_features

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random weights in the form of the real one, which only the network has."""
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    random: dict[str, Any] = {}

    def keep(network: Inception3, _: dict[str, Any]) -> None:
        random.update(network.state_dict())

    with (
        torch.random.fork_rng(),
        patch.object(inception, "load_state_dict_from_url", lambda url, progress: {}),
        patch.object(Inception3, "load_state_dict", keep),
    ):
        torch.manual_seed(0)
        inception.fid_inception_v3()
    torch.save(random, path)
    return path


@pytest.mark.slow
def test_the_weights_of_a_file_are_those_of_pytorch_fids_network(weights: Path) -> None:
    images = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    state = torch.load(weights, weights_only=True)
    with patch.object(inception, "load_state_dict_from_url", lambda url, progress: state):
        network = inception.InceptionV3().eval()
    with torch.no_grad():
        expected = network((images + 1) / 2)[0].flatten(1)
        features = inception_features(weights, CPU)(images)
    assert features.shape == (2, 2048)
    assert features.std() > 0
    assert torch.equal(features, expected)


@pytest.mark.slow
def test_grey_images_are_repeated(weights: Path) -> None:
    grey = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    features = inception_features(weights, CPU)
    with torch.no_grad():
        assert torch.equal(features(grey), features(grey.repeat(1, 3, 1, 1)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.pth: no such file.*--fid-weights FILE"):
        inception_features(tmp_path / "absent.pth", CPU)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "text.pth").write_text("not a checkpoint")
    for name in ("other.pth", "text.pth"):
        with pytest.raises(UserError, match=f"{name}: not the weights"):
            inception_features(tmp_path / name, CPU)


class Harmful:
    def __reduce__(self) -> Any:
        return (print, ("executed",))


def test_a_files_code_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "harmful.pth").write_bytes(pickle.dumps(Harmful(), protocol=2))
    torch.save(Harmful(), tmp_path / "zipped.pth")
    for name in ("harmful.pth", "zipped.pth"):
        with pytest.raises(UserError, match="not the weights"):
            inception_features(tmp_path / name, CPU)
    assert "executed" not in capsys.readouterr().out


def test_without_a_network_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: Any, **__: Any) -> None:
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", unreachable)
    with pytest.raises(UserError, match=r"cannot be fetched.*--fid-weights FILE"):
        inception_features(None, CPU)
