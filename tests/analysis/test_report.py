import errno
import html
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Never

import matplotlib as mpl
import pandas as pd
import pytest

from analysis import report
from analysis.claims import CLAIMS
from analysis.figures import FIGURES, reconstruction_likelihood
from analysis.numbers import numbers
from analysis.report import write_report
from analysis.results import load_results
from analysis.text.words import arm_label
from raysweep.errors import UserError
from raysweep.execution.plan import make_plan
from raysweep.results.gathering import gather
from raysweep.results.patience import StorageError
from raysweep.results.store import StudyStore
from raysweep.results.tables import CONFIGURATIONS, EVALUATIONS, all_tables
from raysweep.study import Arm, FrechetDistance, Reconstruction, Samples, Study, Vae
from raysweep.study.measures import MeasureSettings
from raysweep.study.table import BYTES, REALS
from support.pretended_results import pretended_study
from support.pretended_search import drawn, known, with_search
from support.small_study import STUDY


class Page(HTMLParser):
    """Tags with their attributes, and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(Path(page).read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def report_of(store: StudyStore) -> Path:
    return Path(store.folder.locate("report"))


def one_arm(*measures: MeasureSettings) -> Study:
    """What is drawn at once."""
    return pretended_study(arms=pretended_study().arms[:1], measures=measures, seeds=(0,))


@pytest.fixture(scope="module")
def page(shared_store: StudyStore) -> Page:
    return Page(write_report(shared_store).page)


@pytest.mark.slow
def test_the_page_stands_alone(page: Page, shared_store: StudyStore) -> None:
    assert page.all("script") == []
    assert page.all("link") == []
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    for link in page.all("a"):
        target = link["href"]
        assert target.startswith("#") or (report_of(shared_store) / target).is_file(), target
    text = (report_of(shared_store) / "index.html").read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)


@pytest.mark.slow
def test_links_within_the_page_lead_somewhere(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a") if link["href"].startswith("#")} <= set(ids)


@pytest.mark.slow
def test_every_figure_is_there_in_two_formats(page: Page, shared_store: StudyStore) -> None:
    results = load_results(shared_store)
    drawn = {name: len(kind.infos(results)) for name, kind in FIGURES.items()}
    files = {path.name for path in (report_of(shared_store) / "figures").iterdir()}
    assert {name for name, count in drawn.items() if count == 1} <= {Path(file).stem for file in files}
    assert {Path(file).suffix for file in files} == {".png", ".svg"}
    assert len(files) == 2 * sum(drawn.values())
    assert len(page.all("img")) == sum(drawn.values())
    captions = re.findall(r"Figure (\d+)\. ", page.words)
    assert captions == [str(number) for number in range(1, sum(drawn.values()) + 1)]


@pytest.mark.slow
def test_pictures_are_png_of_200_dots_per_inch(page: Page, shared_store: StudyStore) -> None:
    content = (report_of(shared_store) / "figures" / "class_radius.png").read_bytes()
    assert int.from_bytes(content[16:20], "big") == 1440  # pixels across 7.2 inches


def test_letters_are_equally_large_in_a_narrow_figure(
    make_store: Callable[..., StudyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FIGURES", {"reconstruction_likelihood": reconstruction_likelihood.FIGURE})
    arms = pretended_study().arms[:1]
    store = make_store(pretended_study(arms=arms, measures=(Reconstruction(images=4, generated=2),), seeds=(0,)))
    (image,) = Page(write_report(store).page).all("img")
    svg = (report_of(store) / "figures" / "reconstruction_likelihood.svg").read_text(encoding="utf-8")
    points = float(re.findall(r'width="([\d.]+)pt"', svg)[0])
    assert image["style"] == f"--share: {points / 72 / 7.2:g}"
    assert points < 72 * 7.2


@pytest.mark.slow
def test_every_table_is_there_without_pixels(page: Page, shared_store: StudyStore) -> None:
    for name, table in all_tables().items():
        columns = pd.read_csv(report_of(shared_store) / "tables" / f"{name}.csv").columns.tolist()
        assert columns == [column.name for column in table.columns if column.type not in (BYTES, REALS)]
        if not shared_store.table(name).empty:
            assert all(column.meaning in page.words for column in table.columns)


@pytest.mark.slow
def test_tables_without_rows_are_only_named(page: Page, make_store: Callable[..., StudyStore]) -> None:
    empty = Page(write_report(make_store(one_arm(Samples()))).page)
    assert "Empty here: " in empty.words
    assert "squared Fréchet distance between Gaussians" not in empty.words
    assert "squared Fréchet distance between Gaussians" in page.words


@pytest.mark.slow
def test_verdicts_and_the_rule_are_stated(page: Page, shared_store: StudyStore) -> None:
    results = load_results(shared_store)
    for claim in CLAIMS:
        judged = claim.examine(results).verdict != "not measured"
        assert page.words.count(claim.title) == (2 if judged else 1)
        assert (claim.source in page.words) or not judged
    assert "Student-t" in page.words
    assert "margin is ours" in page.words


@pytest.mark.slow
def test_trials_protocol_and_environment_are_listed(page: Page, shared_store: StudyStore) -> None:
    for trial in shared_store.load_study().trials:
        assert trial.id in page.words
    assert "gradient penalty 10" in page.words
    assert "projected adam (steps 200, learning rate 0.05" in page.words
    assert "()" not in page.words
    assert "packages: torch" in page.words
    assert "raysweep digits" in page.words


@pytest.mark.slow
def test_failures_are_shown(make_store: Callable[..., StudyStore]) -> None:
    store = make_store(
        pretended_study(measures=(FrechetDistance(samples=10),)),
        diverged=lambda trial: "critic loss is not finite" if trial.id.startswith("wgan_gp-d2-s0") else "",
        failed_shards=lambda measure, trial, shard: "out of memory" if trial.arm == "vae" else "",
    )
    page = Page(write_report(store).page)
    assert "diverged: critic loss is not finite" in page.words
    assert page.words.count("out of memory") == 2 * 6
    assert "1 diverged" in page.words


@pytest.mark.slow
def test_names_cannot_inject(make_store: Callable[..., StudyStore]) -> None:
    evil = "<script>alert('x')</script><img src=//evil.example/x onerror=alert(1)> & \"quotes\""
    store = make_store(
        pretended_study(title=evil, question=evil, measures=(Samples(count=4),)),
        diverged=lambda trial: evil if trial.id.startswith("wgan_gp-d2-s0") else "",
        environment={evil: evil},
    )
    path = write_report(store).page
    page = Page(path)
    assert page.all("script") == []
    assert all("onerror" not in attributes for _, attributes in page.tags)
    assert len(page.all("img")) == 3  # samples, training, schedule
    assert page.words.count(evil) == 2 + 2 + 2  # title and heading, question, reason, and both sides of the environment
    assert html.escape(evil, quote=False) in Path(path).read_text().replace("&#39;", "'").replace("&#34;", '"')


@pytest.fixture(scope="module")
def again(shared_store: StudyStore, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """The same page drawn by another process, and the modules that it has loaded."""
    folder = tmp_path_factory.mktemp("again") / "report"
    code = "import sys; from analysis.__main__ import main; assert main(sys.argv[1:]) == 0; print(*sys.modules)"
    command = [sys.executable, "-c", code, str(shared_store.folder), "--out", str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return folder, set(done.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_the_same_tables_give_the_same_bytes(
    page: Page, shared_store: StudyStore, again: tuple[Path, set[str]]
) -> None:
    assert content_of(again[0]) == content_of(report_of(shared_store))


@pytest.mark.slow
def test_a_whole_report_loads_neither_torch_nor_ray_nor_pyplot(again: tuple[Path, set[str]]) -> None:
    assert "analysis.report" in again[1]
    assert not {"torch", "torchvision", "ray", "matplotlib.pyplot"} & again[1]


def test_drawing_leaves_matplotlibs_settings_alone(make_store: Callable[..., StudyStore]) -> None:
    before = dict(mpl.rcParams)
    write_report(make_store(one_arm()))
    assert dict(mpl.rcParams) == before


@pytest.mark.slow
def test_a_users_settings_do_not_show(make_store: Callable[..., StudyStore], tmp_path: Path) -> None:
    store = make_store(one_arm(FrechetDistance(samples=10)))
    plain = content_of(Path(write_report(store, tmp_path / "plain").page).parent)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        changed = content_of(Path(write_report(store, tmp_path / "changed").page).parent)
    assert plain == changed


def test_a_study_before_its_first_table(tmp_path: Path) -> None:
    store = StudyStore(tmp_path / "digits")
    study = pretended_study()
    store.save_study(study, study.data.facts(tmp_path), {"cores": 2})
    page = Page(write_report(store).page)
    assert page.all("img") == []
    assert f"{len(CLAIMS)} claims are not measured by this study" in page.words
    assert all(claim.title in page.words for claim in CLAIMS)
    assert "nothing has been trained or measured" in page.words
    for kind in FIGURES.values():
        assert kind.absent in page.words


@pytest.mark.slow
def test_once_a_model_of_every_arm_is_measured_a_report_shows_every_arm(small_computed: Path, tmp_path: Path) -> None:
    """A run does these models first; tests/raysweep/execution/test_agenda.py says so."""
    folder = Path(shutil.copytree(small_computed, tmp_path / "half"))
    facts = STUDY.data.facts(folder)
    first = make_plan(STUDY, facts, None).first_trials
    assert STUDY.classifier_trial is not None
    for trial in STUDY.trials:
        if trial.id not in first | {STUDY.classifier_trial.id}:
            shutil.rmtree(folder / "trials" / trial.id)
            for shards in (folder / "shards").glob(f"*/{trial.id}"):
                shutil.rmtree(shards)
    store = StudyStore(folder)
    store.save_study(STUDY, facts, {"cores": 2})
    gather(store, STUDY, facts)
    results = load_results(store)
    assert len(first) == len(STUDY.arms) < len(STUDY.trials) - 1
    measured = {row.arm for row in numbers(results).rows if any(row.numbers)}
    assert measured == {arm_label(arm.name, arm.model.family) for arm in STUDY.arms}
    for kind in FIGURES.values():
        assert not isinstance(report.attempt(partial(kind.infos, results)), str), kind


def test_a_missing_measure_is_said(make_store: Callable[..., StudyStore]) -> None:
    page = Page(write_report(make_store(one_arm(FrechetDistance(samples=10)))).page)
    assert "Class radius: no class radius was measured" in page.words
    assert len(page.all("img")) == 3


@pytest.mark.slow
def test_two_measures_of_a_kind_have_figures_of_their_own(make_store: Callable[..., StudyStore]) -> None:
    measures = (FrechetDistance(samples=10), FrechetDistance(name="fid", features="inception", samples=20))
    store = make_store(one_arm(*measures))
    page = Page(write_report(store).page)
    names = {path.name for path in (report_of(store) / "figures").glob("*.svg")}
    assert names == {"frechet_distance-frechet.svg", "frechet_distance-fid.svg", "training.svg", "schedule.svg"}
    assert "Fréchet distance, fid" in page.words


def test_an_earlier_report_is_replaced_whole(make_store: Callable[..., StudyStore]) -> None:
    store = make_store(one_arm())
    write_report(store)
    left_over = report_of(store) / "figures" / "gone.svg"
    left_over.write_text("old")
    write_report(store)
    assert not left_over.exists()
    assert [name for name in store.folder.tree("") if name.startswith(".")] == []


def fail(results: object) -> Never:
    raise RuntimeError("no\nink")


def test_what_fails_is_named_in_its_place_and_the_rest_is_drawn(
    make_store: Callable[..., StudyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(report.FIGURES, "training", replace(FIGURES["training"], infos=fail))
    monkeypatch.setitem(report.FIGURES, "schedule", replace(FIGURES["schedule"], caption=fail))
    monkeypatch.setattr(report, "CLAIMS", (replace(CLAIMS[0], examine=fail), *CLAIMS[1:]))
    monkeypatch.setattr(report, "numbers", fail)
    written = write_report(make_store(one_arm(FrechetDistance(samples=10))))
    page = Page(written.page)
    assert len(page.all("img")) == 1
    assert written.faults == (
        "figure Training: RuntimeError: no ink",
        "figure Schedule: RuntimeError: no ink",
        f"claim {CLAIMS[0].title}: RuntimeError: no ink",
        "table of numbers: RuntimeError: no ink",
    )
    assert page.words.count("It could not be drawn: RuntimeError: no ink") == 2
    assert page.words.count("RuntimeError: no ink") == 2 + 2 + 1


def test_an_error_of_the_page_leaves_the_earlier_report(
    make_store: Callable[..., StudyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(one_arm())
    before = content_of(Path(write_report(store).page).parent)
    monkeypatch.setattr(report, "summary", fail)
    with pytest.raises(RuntimeError, match="ink"):
        write_report(store)
    assert content_of(report_of(store)) == before
    assert [name for name in store.folder.tree("") if name.startswith(".")] == []


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (errno.ENOSPC, StorageError, r"report: cannot be written \(.*\); make room on the disk"),
        (errno.EROFS, UserError, r"report: cannot be written \(.*\); name another for the report: .*--out DIR"),
    ],
)
def test_a_report_that_cannot_be_written_is_said_in_one_line(
    code: int,
    kind: type[Exception],
    words: str,
    make_store: Callable[..., StudyStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: Path, text: str, **options: object) -> Never:
        raise OSError(code, os.strerror(code))

    store = make_store(one_arm())
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(kind, match=words):
        write_report(store)


@pytest.mark.parametrize("name", [".DS_Store", "._index.html", "Thumbs.db", "desktop.ini"])
def test_what_an_operating_system_leaves_is_replaced(name: str, make_store: Callable[..., StudyStore]) -> None:
    store = make_store(one_arm())
    write_report(store)
    (report_of(store) / name).write_text("")
    write_report(store)
    assert not (report_of(store) / name).exists()


@pytest.mark.parametrize("name", ["thesis.tex", ".git"])
def test_a_folder_with_something_else_is_not_replaced(
    name: str, make_store: Callable[..., StudyStore], tmp_path: Path
) -> None:
    target = tmp_path / "mine"
    target.mkdir()
    (target / name).write_text("precious")
    with pytest.raises(UserError, match=re.escape(name)):
        write_report(make_store(one_arm()), target)
    assert (target / name).read_text() == "precious"


def test_what_a_tuning_recommends_is_shown_with_its_settings_and_why(make_store: Callable[..., StudyStore]) -> None:
    study = one_arm()
    store = make_store(study)
    search = with_search(load_results(store), drawn(2), ["c2"], known)
    for table in (CONFIGURATIONS, EVALUATIONS):
        store.save_table(table, table.records(search.tables[table.name].to_dict("records")))
    arm = Arm(name="plain_vae", model=Vae(latent_dim=10, learning_rate=0.0012345678901))
    recommended = study.model_copy(update={"name": "one_recommended", "arms": (arm,), "seeds": (1_234,)})
    store.save_recommended(recommended)
    page = Page(write_report(store).page)
    assert load_results(store).recommended == recommended
    assert "recommended.json" in page.words
    words = page.words.replace("\xa0", " ")
    assert "c = ∞, clamp = weights, dim(z) = 10, learning rate = 0.001. Of the 1 settings that" in words
    assert "held-out loss 1 (smaller is better), collision entropy of the classes 0.200 (larger is better)" in words
    assert "learning rate 0.00123457" in words
    assert "1234; they set" in page.words
    store.save_recommended(None)
    assert load_results(store).recommended is None
    assert "Recommended" not in Page(write_report(store).page).words
