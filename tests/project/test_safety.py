import ast
import contextlib
import io
import json
import pickle
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from analysis.results import load_results
from raysweep.cli.loading import load_study
from raysweep.errors import UserError
from raysweep.execution.pipeline import run_study
from raysweep.execution.serial import SerialBackend
from raysweep.execution.tasks import Workplace
from raysweep.results.files import LocalFolder
from raysweep.results.names import CHECKPOINT, DONE, MODEL, TRIALS, asset_file, statistics_name, trial_file
from raysweep.results.store import StudyStore
from raysweep.study import Arm, Digits, FrechetDistance, Samples, Study, Vae
from support.runs import Recorder

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for name in ("raysweep", "analysis", "search_spaces") for path in (ROOT / name).rglob("*.py"))
SAFE_LOADS = {
    "torch.load": ("weights_only", True),
    "torch.hub.load_state_dict_from_url": ("weights_only", True),
    "np.load": ("allow_pickle", False),
}
"""What may read arrays, and the argument without which it would run what it reads."""
RUN_WHAT_THEY_READ = re.compile(
    r"eval|exec|compile|__import__|runpy\..*|marshal\..*|shelve\..*|joblib\..*|dill\..*|cloudpickle\..*|yaml\..*"
    r"|pickle\.(load|loads|Unpickler)|importlib\.import_module|importlib\.util\.module_from_spec"
    r"|torch\.(jit|package|export)\..*|(pd|pandas)\.read_pickle|os\.(system|popen)|subprocess\..*"
)
LOADS_STUDIES = ROOT / "raysweep" / "cli" / "loading.py"
"""A study file is the only code that a person hands over, and this runs it."""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def unsafe(path: Path) -> Iterator[str]:
    """The calls that might run what they read, each with its line."""
    for name, call in calls(path):
        if path != LOADS_STUDIES and RUN_WHAT_THEY_READ.fullmatch(name):
            yield f"{path}:{call.lineno}: {name}"
        if name in SAFE_LOADS:
            argument, value = SAFE_LOADS[name]
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if given.get(argument) != str(value):
                yield f"{path}:{call.lineno}: {name} without {argument}={value}"


@pytest.mark.slow
def test_nothing_runs_what_it_reads() -> None:
    assert [line for path in SOURCES for line in unsafe(path)] == []


@pytest.mark.parametrize("code", ["torch.load(f)", "np.load(f, allow_pickle=True)", "eval('1')", "pickle.loads(b'')"])
def test_the_search_for_unsafe_calls_finds_them(tmp_path: Path, code: str) -> None:
    (tmp_path / "code.py").write_text(f"x = {code}")
    assert len(list(unsafe(tmp_path / "code.py"))) == 1


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def traps(sprung: Path) -> dict[str, bytes]:
    """The same trap in every form in which arrays and weights are stored."""
    by_torch, by_numpy = io.BytesIO(), io.BytesIO()
    torch.save({"a": Trap(sprung)}, by_torch)
    np.savez(by_numpy, a=np.array([Trap(sprung)], dtype=object))
    return {
        "pickle": pickle.dumps(Trap(sprung), protocol=2),
        "torch": by_torch.getvalue(),
        "numpy": by_numpy.getvalue(),
    }


STUDY = Study(
    name="small",
    title="t",
    question="q",
    data=Digits(limit=100),
    arms=(Arm(model=Vae(steps=3, width=4, batch=8, latent_dim=2)),),
    measures=(Samples(count=4), FrechetDistance(samples=50)),
)
TRIAL = STUDY.trials[-1]


def test_the_traps_spring(tmp_path: Path) -> None:
    for form, content in traps(tmp_path / "sprung").items():
        if form == "numpy":
            dict(np.load(io.BytesIO(content), allow_pickle=True))
        elif form == "torch":
            torch.load(io.BytesIO(content), weights_only=False)
        else:
            pickle.loads(content)
        (tmp_path / "sprung").unlink()


def run(folder: Path) -> list[str]:
    """Does what is missing; the reasons of what failed."""
    place = Workplace(folder, folder)
    run_study(STUDY, place, SerialBackend(), Recorder(), ["train", "measure"])
    return list(place.store.table("failures")["reason"])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    assert run(folder) == []
    return folder


CHECKPOINTED, TRAINED = trial_file(TRIAL.id, CHECKPOINT), trial_file(TRIAL.id, MODEL)
REFERENCE = asset_file(statistics_name(STUDY.measure_key(STUDY.measures[1]), STUDY.data))


@pytest.mark.parametrize(
    ("file", "form"),
    [
        *((file, form) for file in (CHECKPOINTED, TRAINED) for form in ("pickle", "torch")),
        *((REFERENCE, form) for form in ("pickle", "numpy")),
    ],
)
def test_a_trap_in_a_results_folder_is_named_and_does_not_spring(
    finished: Path, tmp_path: Path, file: str, form: str
) -> None:
    folder, sprung = Path(shutil.copytree(finished, tmp_path / "results")), tmp_path / "sprung"
    store = StudyStore(folder)
    shutil.rmtree(folder / "shards")
    if file == CHECKPOINTED:
        store.folder.delete(trial_file(TRIAL.id, DONE))
    store.folder.write(file, lambda out: out.write(traps(sprung)[form]))
    reasons = run(folder)
    assert reasons
    for reason in reasons:
        assert reason.startswith(f"file {folder / file}: holds more than ")
        assert reason.endswith(" again")
    assert not sprung.exists()


@pytest.mark.parametrize("length", [0, 30, -30])
@pytest.mark.parametrize(("file", "like"), [(CHECKPOINTED, TRAINED), (TRAINED, TRAINED), (REFERENCE, REFERENCE)])
def test_a_file_that_was_cut_off_is_named_with_a_remedy(
    finished: Path, tmp_path: Path, file: str, like: str, length: int
) -> None:
    folder = Path(shutil.copytree(finished, tmp_path / "results"))
    store = StudyStore(folder)
    cut = store.folder.read(like)[:length]
    shutil.rmtree(folder / "shards")
    if file == CHECKPOINTED:
        store.folder.delete(trial_file(TRIAL.id, DONE))
    store.folder.write(file, lambda out: out.write(cut))
    reasons = run(folder)
    assert reasons
    for reason in reasons:
        assert reason.startswith(f"file {folder / file}: ")
        assert " is damaged" in reason
        assert reason.endswith(" again")
    (folder / file).unlink()
    if file != REFERENCE:
        shutil.rmtree(folder / TRIALS / TRIAL.id)
    assert run(folder) == []


@pytest.mark.parametrize("file", ["recommended.json", "study.json", "tuning.json"])
def test_code_in_place_of_a_study_is_refused_and_not_run(finished: Path, tmp_path: Path, file: str) -> None:
    """Neither when the report is drawn nor when the file is named to be run."""
    folder, sprung = Path(shutil.copytree(finished, tmp_path / "results")), tmp_path / "sprung"
    store = StudyStore(folder)
    store.save_study(STUDY, STUDY.data.facts(tmp_path), {})
    store.folder.write(file, lambda out: out.write(f"open({str(sprung)!r}, 'w')".encode()))
    with pytest.raises(UserError, match="is damaged"):
        load_study(str(folder / file))
    if file != "tuning.json":  # which no report reads
        with pytest.raises(UserError, match=f"{file} is not a study"):
            load_results(store)
    assert not sprung.exists()


def test_code_that_an_earlier_version_left_is_not_run(finished: Path, tmp_path: Path) -> None:
    folder, sprung = Path(shutil.copytree(finished, tmp_path / "results")), tmp_path / "sprung"
    store = StudyStore(folder)
    store.save_study(STUDY, STUDY.data.facts(tmp_path), {})
    (folder / "recommended.py").write_text(f"open({str(sprung)!r}, 'w')")
    assert load_results(store).recommended is None
    assert load_study(str(folder / "study.json")) == STUDY
    assert not sprung.exists()


@pytest.mark.parametrize("part", ["data", "arms", "measures"])
def test_a_stored_study_cannot_name_code_to_run(tmp_path: Path, part: str) -> None:
    file = tmp_path / "recommended.json"
    content = json.loads(STUDY.model_dump_json())
    settings = {"data": content["data"], "arms": content["arms"][0]["model"], "measures": content["measures"][0]}[part]
    settings["code"] = "os:abort"
    file.write_text(json.dumps(content))
    with pytest.raises(UserError, match="no setting 'code'"):
        load_study(str(file))


def test_only_what_a_person_names_is_loaded_as_a_study_file() -> None:
    named = {ast.unparse(call.args[0]) for path in SOURCES for name, call in calls(path) if name == "load_study"}
    assert named == {"options.study", "options.study or DEFAULT_STUDY", "name"}  # the last, of those that come with us


HOSTILE = st.one_of(
    st.text(max_size=50),
    st.sampled_from(["..", "../up", "/root", "a/../../up", "a\n", "a\0", "~", "a b", "é", "c:\\up", "A", "a" * 41, ""]),
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
)
SAFE = re.compile(r"[a-z][a-z0-9_.+-]*\Z")


@settings(max_examples=50)
@given(HOSTILE, HOSTILE, HOSTILE, st.floats(min_value=0, allow_nan=False), st.integers())
@pytest.mark.slow
def test_names_of_a_study_stay_in_its_folder(study: str, arm: str, measure: str, c: float, seed: int) -> None:
    content = json.loads(STUDY.model_dump_json()) | {"name": study, "seeds": [seed]}
    content["arms"][0] |= {"name": arm, "over": {"lam": [c]}}
    content["arms"][0]["model"] = {"family": "lc_vae"}
    content["measures"][0]["name"] = measure
    try:
        found = Study.model_validate(content)
    except ValidationError:
        return
    keys = [found.measure_key(m) for m in found.measures]
    shards = [shard.key for _, _, shard in found.measurements(Digits().facts(Path()))]
    for name in (
        found.name,
        *(trial.id for trial in found.trials),
        *keys,
        *(statistics_name(key, found.data) for key in keys),
        *shards,
    ):
        assert SAFE.match(name), name


@given(st.lists(st.sampled_from(["..", ".", "", "a", "b\\..", "...", "\0", "a b"]), min_size=1).map("/".join))
def test_no_name_leads_out_of_a_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    inside = tmp_path_factory.getbasetemp() / "folder" / "inside"
    with contextlib.suppress(ValueError):
        assert Path(LocalFolder(inside).locate(name)).is_relative_to(inside)
        assert ".." not in Path(LocalFolder(inside).locate(name)).parts


@pytest.mark.parametrize("name", ["../up", "/up", "a/../../up"])
def test_a_file_outside_is_neither_read_nor_written_nor_removed(tmp_path: Path, name: str) -> None:
    folder = StudyStore(tmp_path / "results").folder
    (tmp_path / "up").write_text("mine")
    for action in (folder.read, folder.open, folder.delete, folder.exists, folder.tree, folder.mirror):
        with pytest.raises(ValueError, match="leads out of the results folder"):
            action(name)
    with pytest.raises(ValueError, match="leads out of the results folder"):
        folder.write(name, lambda file: file.write(b""))
    assert (tmp_path / "up").read_text() == "mine"
