"""Studies by name and from files, and settings changed by path: what is taken, and what is said of the rest."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from raysweep.cli.loading import known_studies, load_study
from raysweep.errors import UserError
from support.small_study import STUDY as SMALL

HEAD = "from raysweep.study import Arm, Digits, Study, WganGp\n"
GOOD = HEAD + "STUDY = Study(name='mine', title='t', question='q', data=Digits(), arms=(Arm(model=WganGp()),))\n"


Change = Callable[[str], str | bytes]


def written(folder: Path, text: str) -> Path:
    file = folder / "my_study.py"
    file.write_text(text)
    return file


def refusal(file: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_study(str(file))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_name_is_a_study_that_comes_with_raysweep() -> None:
    assert load_study("digits").name == "digits"
    assert known_studies()["digits"].name == "digits.py"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'digts': unknown; did you mean 'digits'\?.*celeba, cifar10, digits"):
        load_study("digts")


def test_a_path_is_a_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, GOOD)
    assert load_study(str(tmp_path / "my_study.py")).name == "mine"
    monkeypatch.chdir(tmp_path)
    assert load_study("my_study.py") == load_study("./my_study.py")


REDUCED = GOOD + "REDUCED = STUDY.model_copy(update={'name': 'mine_reduced', 'reduction': 'One step.'})\n"


def test_a_file_may_define_a_reduced_form_of_its_study(tmp_path: Path) -> None:
    file = str(written(tmp_path, REDUCED))
    assert load_study(file).name == "mine"
    assert load_study(file, reduced=True).name == "mine_reduced"


def test_a_study_without_a_reduced_form_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"my_study.py: defines no REDUCED; write REDUCED = Study\(\.\.\.\)"):
        load_study(str(written(tmp_path, GOOD)), reduced=True)


@pytest.mark.parametrize("change", [("'mine_reduced'", "'mine'"), ("'One step.'", "''")])
def test_a_reduced_form_must_not_pass_for_the_full_one(change: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="REDUCED must be told from STUDY: give it name='mine_reduced'"):
        load_study(str(written(tmp_path, REDUCED.replace(*change))), reduced=True)


def test_a_file_is_read_again_every_time(tmp_path: Path) -> None:
    load_study(str(written(tmp_path, GOOD)))
    assert load_study(str(written(tmp_path, GOOD.replace("'mine'", "'changed'")))).name == "changed"


def test_a_file_may_import_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "name_of_mine.py").write_text("NAME = 'shared'")
    before = list(sys.path)
    file = written(tmp_path, "from name_of_mine import NAME\n" + GOOD.replace("'mine'", "NAME"))
    assert load_study(str(file)).name == "shared"
    assert sys.path == before


def test_a_file_may_define_classes_of_its_own(tmp_path: Path) -> None:
    text = "import dataclasses\n@dataclasses.dataclass\nclass Mine:\n    x: 'int' = 1\n" + GOOD
    assert load_study(str(written(tmp_path, text))).name == "mine"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + "STUDY = Study(\n", 2, "'(' was never closed"),
        (HEAD + "\nWganGp(latnt_dim=3)\n", 3, "no setting 'latnt_dim'; did you mean 'latent_dim'?"),
        (HEAD + "WganGp(steps=-5)\n", 2, "steps: must be at least 0 (given: -5)"),
        (HEAD + "import sys\n\nsys.exit(3)\n", 4, "ends Python (sys.exit, or exit)"),
        (HEAD + "Arm(WganGp())\n", 2, "settings are given by name: Arm(model=Vae()), say, not Arm(Vae())"),
        (HEAD + "Arm(model=WganGp)\n", 2, "model: must be settings such as Vae(latent_dim=2): not the class Vae"),
        (
            HEAD + "Study(name='s', title='t', question='q', data='digits', arms=())\n",
            2,
            "data: must be settings such as",
        ),
        (HEAD + "Arm(model=WganGp(), over={'latent_dim': 2})\n", 2, "must be several values, even if it is one: grid"),
        (
            HEAD + "Arm(model=WganGp(), over={'steps': (1, 2), 'epochs': (1,)})\n",
            2,
            "axes 'steps' and 'epochs': both set the budget; sweep one of them",
        ),
        (HEAD + "import numpie\n", 2, "ModuleNotFoundError: No module named 'numpie'"),
        (HEAD + "def arms():\n    return 1 / 0\narms()\n", 3, "ZeroDivisionError: division by zero"),
        (
            GOOD.replace("'mine'", "'Not A Name'"),
            2,
            "name: must be at most 40 lower-case letters, digits and underscores",
        ),
    ],
)
def test_an_error_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    file = written(tmp_path, text)
    assert refusal(file).startswith(f"study file {file}, line {line}: ")
    assert words in refusal(file)


def test_a_file_must_define_a_study(tmp_path: Path) -> None:
    assert "defines no STUDY" in refusal(written(tmp_path, HEAD))
    assert "STUDY is of type int" in refusal(written(tmp_path, "STUDY = 3\n"))


def test_a_file_must_be_there_and_be_text(tmp_path: Path) -> None:
    assert "not found" in refusal(tmp_path / "missing.py")
    assert "not a file" in refusal(tmp_path)
    there = written(tmp_path, GOOD)
    assert refusal(there.with_suffix("")).endswith(f"did you mean {there}?")
    (tmp_path / "binary.py").write_bytes(b"\xff\x00\xfe")
    assert "binary.py" in refusal(tmp_path / "binary.py")
    (tmp_path / "study.txt").write_text(GOOD)
    assert "must end in .py" in refusal(tmp_path / "study.txt")


@pytest.mark.parametrize("name", [*known_studies()])
def test_every_study_is_what_its_stored_form_says(name: str, tmp_path: Path) -> None:
    study = load_study(name)
    file = tmp_path / "study.json"
    file.write_text(study.model_dump_json(indent=2))
    assert load_study(str(file)) == study


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-30], "is damaged"),
        (lambda text: text.encode()[:100] + b"\xff", "is damaged"),
        (lambda text: "", "is damaged"),
        (lambda text: "[" * 100_000, "is damaged"),
        (lambda text: "[1, 2]", "neither a study nor a tuning; name a study.json, recommended.json or tuning.json"),
        (lambda text: '{"train": 1}', "neither a study nor a tuning"),
        (lambda text: text.replace('"seeds"', '"seed"'), "not a study of this version (Study: no setting 'seed'"),
        (lambda text: text.replace('"wgan_gp"', '"later_gan"'), "not a study of this version (arms.0.model"),
        (lambda text: text.replace('"seeds"', '"new": 0, "seeds"'), "run it with the version of raysweep that wrote"),
    ],
)
def test_a_stored_study_that_cannot_be_read_says_so(change: Change, words: str, tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    content = change(SMALL.model_dump_json(indent=2))
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refusal(file)
    assert said.startswith(f"study file {file}: ")
    assert words in said
    assert len(said) < 1_000


def test_a_stored_study_is_one_and_has_no_reduced_form(tmp_path: Path) -> None:
    file = tmp_path / "study.json"
    file.write_text(SMALL.model_dump_json())
    with pytest.raises(UserError, match=r"study\.json: holds one study and no smaller form of it; leave out --reduced"):
        load_study(str(file), reduced=True)
