"""Studies from files and by name, and changes to their settings from the command line. No torch, no Ray."""

import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Literal

from pydantic import ValidationError

from raysweep.errors import UserError, choices
from raysweep.results.names import RECOMMENDED, STUDY, TUNING
from raysweep.study.core import Study, describe_errors
from raysweep.tuning.settings import Tuning

PACKAGE = "search_spaces"
"""The package of the studies that come with raysweep. Its modules are imported by name: nothing depends on them."""

STORED_SUFFIX = Path(STUDY).suffix
STORED: dict[type[Study | Tuning], str] = {Study: "arms", Tuning: "space"}
"""The kinds of content of a JSON file, each with a field that the others do not have."""


def known_studies() -> dict[str, Path]:
    """The studies that come with raysweep: their names and files."""
    package = importlib.util.find_spec(PACKAGE)
    folders = package.submodule_search_locations if package else None
    files = [file for folder in folders or () for file in sorted(Path(folder).glob("*.py"))]
    return {file.stem: file for file in files if not file.stem.startswith("_")}


def load_study(name_or_path: str, *, reduced: bool = False) -> Study | Tuning:
    """Loads the study or tuning of that name, or from that file if it ends in `.py` or `.json` or has a path
    separator.

    A Python file may define a smaller form of its study, `REDUCED`, in addition to `STUDY`; `reduced` selects it. A
    JSON file is one that a run has written: `study.json`, `recommended.json` or `tuning.json` of a results folder.

    Raises:
        UserError: there is no such study, its file cannot be run or read, or it does not define the requested form.
            Names the file, and the line where there is one.
    """
    if name_or_path.endswith((".py", STORED_SUFFIX)) or "/" in name_or_path or os.sep in name_or_path:
        file = Path(name_or_path)
        if not file.is_file():
            longer = file.with_name(f"{file.name}.py")
            remedy = f"; did you mean {longer}?" if file.name and longer.is_file() else ""
            raise UserError(f"study file {file}: not found, or not a file{remedy}")
        if file.suffix == STORED_SUFFIX:
            return _read_json(file, reduced)
        return _study_in(file, lambda: _run_file(file), reduced)
    studies = known_studies()
    if name_or_path not in studies:
        remedy = choices(name_or_path, studies)
        raise UserError(f"study {name_or_path!r}: unknown; {remedy}. A file of yours needs its path: ./my_study.py")
    return _study_in(studies[name_or_path], lambda: importlib.import_module(f"{PACKAGE}.{name_or_path}"), reduced)


def _read_json(file: Path, reduced: bool) -> Study | Tuning:
    """The study or tuning that a results folder keeps in this file."""
    if reduced:
        raise UserError(f"study file {file}: holds one study and no smaller form of it; leave out --reduced")
    try:
        content = file.read_bytes()
        fields = json.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"study file {file}: cannot be read, or is damaged: {_describe(error)}") from error
    kinds = [kind for kind, field in STORED.items() if isinstance(fields, dict) and field in fields]
    if not kinds:
        raise UserError(f"study file {file}: neither a study nor a tuning; name a {STUDY}, {RECOMMENDED} or {TUNING}")
    try:
        return kinds[0].model_validate_json(content)
    except (ValidationError, UserError) as error:
        raise UserError(
            f"study file {file}: not a {kinds[0].__name__.lower()} of this version ({_describe(error)}); run it with "
            "the version of raysweep that wrote it"
        ) from error


def _study_in(file: Path, run: Callable[[], ModuleType], reduced: bool) -> Study | Tuning:
    """The study in the module that `run` makes of `file`; any error in the file becomes a `UserError`."""
    try:
        module = run()
    except (Exception, SystemExit) as error:
        line = _line_of(error, file)
        where = f"study file {file}, line {line}" if line else f"study file {file}"
        raise UserError(f"{where}: {_describe(error)}") from error
    study = _study_named("STUDY", module, file)
    if not reduced:
        return study
    smaller = _study_named("REDUCED", module, file)
    if smaller.name != f"{study.name}_reduced" or not smaller.reduction:
        raise UserError(
            f"study file {file}: REDUCED must be told from STUDY: give it name={study.name + '_reduced'!r} and, as "
            "reduction=, a sentence on what is smaller"
        )
    return smaller


def _study_named(name: Literal["STUDY", "REDUCED"], module: ModuleType, file: Path) -> Study | Tuning:
    study = getattr(module, name, None)
    if isinstance(study, Study | Tuning):
        return study
    found = f"defines no {name}" if study is None else f"{name} is of type {type(study).__name__}"
    example = {"STUDY": "digits", "REDUCED": "mnist"}[name]
    raise UserError(f"study file {file}: {found}; write {name} = Study(...), as in {PACKAGE}/{example}.py")


def _run_file(file: Path) -> ModuleType:
    """Runs the file as a module with a name of its own. It can import modules of its own folder."""
    name = f"raysweep_study_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file, loader=None)
    if spec is None or spec.loader is None:
        raise UserError("not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    folder = str(file.parent.absolute())
    sys.modules[name] = module  # pydantic looks up classes that the file defines there
    sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.path.remove(folder)
    return module


def _line_of(error: BaseException, file: Path) -> int | None:
    """The line of `file` at which the error arose, or that called the code in which it arose."""
    path = str(file.absolute())
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None


def _describe(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return "ends Python (sys.exit, or exit); a study's file only defines STUDY"
    if isinstance(error, ValidationError):
        return describe_errors(error)
    if isinstance(error, SyntaxError):
        return f"{error.msg}: {error.text.strip()}" if error.text else error.msg
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, TypeError) and "BaseModel.__init__() takes 1 positional argument" in str(error):
        return "settings are given by name: Arm(model=Vae()), say, not Arm(Vae())"
    return f"{type(error).__name__}: {error}"
