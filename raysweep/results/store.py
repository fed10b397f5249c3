"""The results folder of one study: the files of its trials, shards and assets, and the study's own. No torch, no Ray.

A process that dies leaves each file whole or absent (`raysweep.results.files`); `raysweep.results.names` has every
name.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from raysweep.errors import UserError
from raysweep.results.assets import AssetFiles
from raysweep.results.documents import Documents
from raysweep.results.files import Location, Mirror
from raysweep.results.names import (
    ENVIRONMENT,
    FACTS,
    PAGE,
    RECOMMENDED,
    REPORT,
    STUDY,
    TENSORBOARD,
    TUNING,
    probe_file,
    table_file,
)
from raysweep.results.remote import open_folder
from raysweep.results.shards import ShardFiles
from raysweep.results.tables import CONFIGURATIONS, EVALUATIONS, all_tables
from raysweep.results.trials import TrialFiles
from raysweep.study.architecture import ImageShape
from raysweep.study.core import Study, describe_errors
from raysweep.study.data import DataFacts
from raysweep.study.table import Table


class StudyStore:
    """The results folder of one study."""

    def __init__(self, folder: Location) -> None:
        self.folder = open_folder(folder)
        self.documents = Documents(self.folder)
        self.trials = TrialFiles(self.documents)
        self.shards = ShardFiles(self.documents)
        self.assets = AssetFiles(self.documents)

    # The study itself

    def save_study(self, study: Study, facts: DataFacts, environment: dict[str, object]) -> None:
        """Writes the resolved study, its data set's facts and the environment, replacing earlier ones."""
        self.documents.write_text(STUDY, study.model_dump_json(indent=2))
        self.documents.write_json(FACTS, asdict(facts))
        self.documents.write_json(ENVIRONMENT, environment)

    def load_study(self) -> Study:
        """The study whose results these are.

        Raises:
            UserError: there is none here, or it is not one of this version.
        """
        try:
            return self._read_study(STUDY)
        except (FileNotFoundError, NotADirectoryError):
            studies = sorted(self.folder.path.glob(f"*/{STUDY}")) if self.folder.path else []
            named = f", such as {studies[0].parent}" if studies else ""
            raise UserError(
                f"results folder {self.folder}: no {STUDY} in it; name a folder that a run has written{named}"
            ) from None

    def load_facts(self) -> DataFacts:
        """Facts of the study's data set."""
        values = json.loads(self.folder.read(FACTS))
        return DataFacts(**{**values, "shape": ImageShape(**values["shape"])})

    def load_environment(self) -> dict[str, object]:
        """Versions, hardware and command of the last run."""
        return cast("dict[str, object]", json.loads(self.folder.read(ENVIRONMENT)))

    def load_contents(self) -> dict[str, str]:
        """Fingerprints of the data sets of the runs so far, by name; empty if none was recorded."""
        return cast("dict[str, str]", (self.documents.read_json(ENVIRONMENT) or {}).get("data", {}))

    # A tuning

    def save_recommended(self, study: Study | None) -> None:
        """Writes the study of the settings that a tuning recommends; None removes an earlier one."""
        if study is not None:
            self.documents.write_text(RECOMMENDED, study.model_dump_json(indent=2))
        else:
            self.folder.delete(RECOMMENDED)

    def forget_search(self, study: Study) -> None:
        """Removes what a tuning of the study's name has left for reports, unless the study is that tuning's own.

        The tuning writes it again from its search, which stays.
        """
        if not self.folder.exists(TUNING):
            return
        try:
            earlier = self.load_study()
        except UserError:  # of another version, say
            earlier = None
        if earlier != study:
            for name in (TUNING, RECOMMENDED, table_file(CONFIGURATIONS.name), table_file(EVALUATIONS.name)):
                self.folder.delete(name)

    def load_recommended(self) -> Study | None:
        """The study that a tuning recommends; None if it recommends nothing.

        Raises:
            UserError: it is not a study of this version.
        """
        try:
            return self._read_study(RECOMMENDED)
        except FileNotFoundError:
            return None

    def _read_study(self, name: str) -> Study:
        content = self.folder.read(name)
        try:
            return Study.model_validate_json(content)
        except ValidationError as error:
            raise UserError(
                f"results folder {self.folder}: {name} is not a study of this version ({describe_errors(error)}); "
                "draw the report with the version of raysweep that ran it"
            ) from error

    # What users look at

    def tensorboard(self, trial_id: str) -> Mirror:
        """The folder of TensorBoard's event files of a trial."""
        return self.folder.mirror(f"{TENSORBOARD}/{trial_id}")

    @property
    def tensorboard_location(self) -> str:
        """The folder of TensorBoard's event files of all trials."""
        return self.folder.locate(TENSORBOARD)

    def save_report(self, folder: Path) -> None:
        """Copies a report that was drawn elsewhere into the results folder, in place of an earlier one."""
        files = {
            f"{REPORT}/{path.relative_to(folder).as_posix()}": path for path in folder.rglob("*") if path.is_file()
        }
        earlier = self.folder.tree(REPORT)
        for name in sorted(files, key=lambda name: (name == f"{REPORT}/{PAGE}", name)):  # the page last
            self.folder.send(files[name], name)
        for name in earlier - files.keys():
            self.folder.delete(name)

    # Probes: whether other machines see this folder

    def save_probe(self, name: str) -> None:
        """Leaves a probe for another machine."""
        self.documents.write_json(probe_file(name), {})

    def has_probe(self, name: str) -> bool:
        """Whether this machine sees a probe."""
        return self.documents.read_json(probe_file(name)) is not None

    def remove_probe(self, name: str) -> None:
        """Removes a probe, if it is there."""
        self.folder.delete(probe_file(name))

    # Tables

    def save_table(self, table: Table, rows: pa.Table) -> None:
        """Writes a table, sorted by its keys, in place of an earlier one."""
        self.documents.write_table(table_file(table.name), table.sorted(rows))

    def has_table(self, table: Table) -> bool:
        """Whether the table was written."""
        return self.folder.exists(table_file(table.name))

    def table(self, name: str) -> pd.DataFrame:
        """Reads a table; empty, with its columns, if nothing was measured.

        Raises:
            UserError: there is no such table among those documented in `raysweep.results.tables`.
        """
        known = all_tables()
        if name not in known:
            raise UserError(f"table {name!r}: unknown; the tables are {', '.join(known)}")
        try:
            parts = [self.documents.read_table(table_file(name))]
        except FileNotFoundError:
            parts = []
        return pd.DataFrame(known[name].together(parts).to_pandas())
