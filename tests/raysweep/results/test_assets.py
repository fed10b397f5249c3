from pathlib import Path

from raysweep.results.store import StudyStore


def test_an_asset_that_is_there_has_not_failed(tmp_path: Path) -> None:
    assets = StudyStore(tmp_path).assets
    assets.fail("reference.npz", "no weights")
    assert (assets.has("reference.npz"), assets.failure("reference.npz")) == (False, "no weights")
    assets.save("reference.npz", lambda file: file.write(b"numbers"))
    assert (assets.has("reference.npz"), assets.failure("reference.npz")) == (True, None)
    with assets.open("reference.npz") as file:
        assert file.read() == b"numbers"


def test_what_work_needs_of_a_gpu_is_kept(tmp_path: Path) -> None:
    assets = StudyStore(tmp_path).assets
    assert assets.load_memory() == {}
    assets.save_memory({"wgan_gp": [1, 2]})
    assert assets.load_memory() == {"wgan_gp": [1, 2]}
