import os
import unicodedata
from pathlib import Path

import pytest
from pydantic import ValidationError

from raysweep.errors import UserError
from raysweep.study import Arm, Digits, Grid2d, ImageFolder, Mnist, Reconstruction, Study, WganGp
from raysweep.study.data import lattice, list_images, with_content


def touch(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)


def names(folder: Path) -> list[str]:
    return ["/".join(name) for name, _ in list_images(folder).files]


def test_a_class_has_all_images_below_its_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "b/2024/2.png", "b/3.png", "empty/notes.txt")
    found = list_images(tmp_path)
    assert names(tmp_path) == ["a/1.png", "b/2024/2.png", "b/3.png"]
    assert (found.classes, found.labels) == (("a", "b"), [0, 1, 1])
    assert found.words == "3 images; classes a (1), b (2); not used: 1 .txt"


def test_images_beside_folders_make_all_of_them_a_flat_folder(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "rejected/2.png", "b/3.gif", "4.PPM", "5.jfif")
    found = list_images(tmp_path)
    assert (len(found.files), found.classes, found.labels) == (5, (), [0] * 5)
    assert "5 images, without classes: 2 sub-folders are no classes" in found.words


def test_what_is_hidden_is_not_used_and_said(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.png", "__MACOSX/a/1.png", ".cache/2.png", "a/._1.png", "a/README")
    assert names(tmp_path) == ["a/1.png"]
    assert list_images(tmp_path).words.endswith("not used: 3 hidden, 1 without a suffix")


def test_many_classes_are_not_all_named(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number:02d}/1.png" for number in range(20)))
    assert "05 (1) and 14 more" in list_images(tmp_path).words


def test_two_forms_of_a_name_are_one_class(tmp_path: Path) -> None:
    for part, form in enumerate(("NFC", "NFD")):
        touch(tmp_path, f"{unicodedata.normalize(form, 'café')}/{part}.png")
    assert names(tmp_path) == ["café/0.png", "café/1.png"]
    assert list_images(tmp_path).classes == ("café",)


def test_links_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path, "pets/cat/1.png", "elsewhere/dog/2.png")
    (tmp_path / "pets" / "dog").symlink_to(tmp_path / "elsewhere" / "dog")
    (tmp_path / "pets" / "cat" / "again").symlink_to(tmp_path / "pets")
    assert names(tmp_path / "pets") == ["cat/1.png", "dog/2.png"]


@pytest.mark.parametrize("to", ["nowhere.png", "x.png"])
def test_a_link_to_nothing_is_named(tmp_path: Path, to: str) -> None:
    touch(tmp_path, "1.png")
    (tmp_path / "x.png").symlink_to(to)
    with pytest.raises(UserError, match=r"x\.png: cannot be read .*; mend or remove it"):
        list_images(tmp_path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "folder.png/2.png")
    assert names(tmp_path) == ["1.png", "folder.png/2.png"]
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UserError, match=r"pipe\.png: cannot be read \(neither a file nor a folder\)"):
        list_images(tmp_path)


def test_a_name_in_another_encoding_is_one_like_any_other(tmp_path: Path) -> None:
    touch(tmp_path, "1.png", "2.png")
    os.rename(os.fsencode(tmp_path / "1.png"), os.fsencode(tmp_path) + b"/caf\xe9.png")  # noqa: PTH104 - of bytes
    assert len(list_images(tmp_path).files) == 2
    assert ImageFolder(path=str(tmp_path), size=8).content_of(tmp_path)


def test_content_is_of_names_sizes_and_bytes_and_not_of_places_and_times(tmp_path: Path) -> None:
    for place in "one", "two":
        touch(tmp_path / place, *(f"pics/{number}.png" for number in range(10)))
    os.utime(tmp_path / "two/pics/3.png", (0, 0))
    settings = ImageFolder(path="pics", size=8)
    content = settings.content_of(tmp_path / "one")
    assert settings.content_of(tmp_path / "two") == content
    (tmp_path / "two/pics/3.png").write_text("PICS/3.png")
    changed = settings.content_of(tmp_path / "two")
    (tmp_path / "one/pics/3.png").rename(tmp_path / "one/pics/3.jpg")
    assert len({content, changed, settings.content_of(tmp_path / "one")}) == 3


def test_content_belongs_to_trials_on_images_of_ones_own(tmp_path: Path) -> None:
    touch(tmp_path, "one/pics/1.png", "one/pics/2.png", "two/pics/1.png", "two/pics/3.png")
    mine = ImageFolder(path="pics", size=8)
    study = Study(name="s", title="t", question="q", data=mine, arms=(Arm(model=WganGp()),))
    known = [with_content(study, tmp_path / place) for place in ("one", "two")]
    assert len({each.trials[0].id for each in (study, *known)}) == 3
    assert Study.model_validate_json(known[0].model_dump_json()) == known[0]
    assert with_content(known[0], tmp_path / "one") == known[0]
    with pytest.raises(UserError, match="data set image_folder pics: its files have the content"):
        with_content(known[0], tmp_path / "two")


def test_content_is_known_of_the_data_of_measures_too(tmp_path: Path) -> None:
    touch(tmp_path, "pics/1.png", "pics/2.png")
    foreign = Reconstruction(foreign=ImageFolder(path="pics", size=8))
    study = Study(name="s", title="t", question="q", data=Digits(), arms=(Arm(model=WganGp()),), measures=(foreign,))
    (data,) = with_content(study, tmp_path).measures[0].other_data
    assert data.content


def test_the_content_of_a_named_data_set_is_not_part_of_its_settings(tmp_path: Path) -> None:
    touch(tmp_path, *(f"MNIST/raw/{part}-{what}" for part in ("train", "t10k") for what in ("images-idx3-ubyte",)))
    assert "content" not in with_content(Mnist(), tmp_path).model_dump()
    with pytest.raises(UserError, match=r"data set mnist: .*labels-idx1-ubyte: cannot be read"):
        Mnist().content_of(tmp_path)
    assert Digits().content_of(tmp_path) == ""


def test_the_lattice_has_the_even_points() -> None:
    assert lattice(1) == ((-2, -2), (-2, 0), (-2, 2), (0, -2), (0, 0), (0, 2), (2, -2), (2, 0), (2, 2))
    assert len(set(lattice(3))) == 49


def test_too_few_points_for_the_modes_are_refused() -> None:
    with pytest.raises(ValidationError, match="train is 1000: 49 modes need at least 1,225 training points"):
        Grid2d(n=3, train=1000)
