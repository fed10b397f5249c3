"""The documentation cannot rot: its links, excerpts, pictures of the tree, studies and commands are checked."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from raysweep.run import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_PAGES = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXCERPT = re.compile(r"^From `([^`]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`((?:raysweep|analysis|search_spaces|tests|docs)/[\w/.]*)`")
COMMAND = re.compile(r"^(?:python -m raysweep\.run|raysweep)\b(.*)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a link can name within a page: its headings in lower case, words joined by hyphens."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@ALL_PAGES
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(BLOCK.sub("", page.read_text())):
        if link.startswith(("http://", "https://")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@ALL_PAGES
def test_every_file_that_is_named_exists(page: Path) -> None:
    for path in PATH.findall(page.read_text()):
        assert (ROOT / path).exists(), path


def excerpts() -> Iterator[tuple[str, str, str]]:
    """Page, file and text of every excerpt."""
    for page in PAGES:
        for file, text in EXCERPT.findall(page.read_text()):
            yield page.name, file, text


@pytest.mark.parametrize(
    ("page", "file", "text"), [pytest.param(*each, id=f"{each[0]}-{each[1]}") for each in excerpts()]
)
def test_every_excerpt_stands_word_for_word_in_its_file(page: str, file: str, text: str) -> None:
    content = (ROOT / file).read_text()
    for piece in re.split(r"^ *\.\.\.\n", text, flags=re.MULTILINE):
        assert piece.strip("\n") in content


def test_there_are_excerpts_of_a_model_a_measure_and_a_figure() -> None:
    folders = {str(Path(file).parent) for page, file, _ in excerpts() if page == "extending.md"}
    assert {"raysweep/models", "raysweep/measures", "analysis/figures"} <= folders


@pytest.mark.parametrize("package", ["raysweep", "analysis"])
def test_the_layout_names_every_module(package: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    (layout,) = [text for _, text in BLOCK.findall(page) if text.startswith("raysweep/\n")]
    (part,) = re.findall(rf"^{package}/\n((?:  .*\n)+)", layout, re.MULTILINE)
    named = {line.split()[0].rstrip("/") for line in part.splitlines()}
    there = {path.name for path in (ROOT / package).iterdir()}
    assert named <= there
    if package == "raysweep":
        assert named == there - {"__init__.py", "__pycache__"}


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the studies that the documentation writes, in which its commands are run."""
    for page, file in {"writing-a-study.md": "my_study.py", "tuning.md": "wgan_gp_rates.py"}.items():
        blocks = BLOCK.findall((ROOT / "docs" / page).read_text())
        (study,) = [text for kind, text in blocks if kind == "python" and "STUDY = " in text]
        (tmp_path / file).write_text(study)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RAYSWEEP_DATA", raising=False)
    return tmp_path


def commands() -> list[str]:
    """Arguments of every command of ours in the documentation, but for `--only report`, which needs results."""
    blocks = [text for page in PAGES for kind, text in BLOCK.findall(page.read_text()) if kind == "sh"]
    found = {match.partition(" #")[0].strip() for text in blocks for match in COMMAND.findall(text)}
    return sorted(command for command in found if "--only report" not in command)


@pytest.mark.parametrize("command", commands())
@pytest.mark.slow
def test_every_command_can_be_planned(
    command: str, workplace: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """Each is run with --plan, which checks its study, its options and its settings, and computes nothing."""
    arguments = shlex.split(command.replace("/mnt/shared", str(workplace / "shared")))
    for bucket in re.findall(r"s3://([\w-]+)", command):
        request.getfixturevalue("s3").make_bucket(bucket)
    if "--data" in arguments:
        (workplace / arguments[arguments.index("--data") + 1]).mkdir(parents=True)
    if arguments[0] == "doctor":
        place = arguments.index("--cluster")
        del arguments[place : place + 2]  # the cluster's own page is followed in tests/system/test_page.py
    elif not {"--list", "--plan"} & {*arguments}:
        arguments.append("--plan")
    assert main(arguments) == 0
    assert capsys.readouterr().out


def ray_commands() -> list[str]:
    """Every command of Ray's in the documentation, without the variables before it."""
    blocks = [text for page in PAGES for kind, text in BLOCK.findall(page.read_text()) if kind == "sh"]
    return sorted({match for text in blocks for match in re.findall(r"^(?:\w+=\w+ )*ray (.+)$", text, re.MULTILINE)})


@pytest.mark.parametrize("command", ray_commands())
def test_ray_knows_every_command_of_its_that_is_named(command: str) -> None:
    """Ray parses it, and runs nothing; a file that it names is one of ours."""
    from ray.scripts.scripts import cli  # noqa: PLC0415 - takes a second

    name, *arguments = shlex.split(command)
    cli.commands[name].make_context(name, arguments)
    assert all((ROOT / word).is_file() for word in arguments if word.endswith(".yaml"))
