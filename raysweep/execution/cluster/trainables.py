"""Tune's view of a trial: a class that only translates between Tune and `raysweep.training.loop`.

It is not in `remote.py`, since importing Tune takes seconds that processes which only measure can save.
The state is in our results folder, keyed by the trial's id: `setup` resumes from the latest checkpoint there, whether
Tune restarts a lost process or a person runs the same command again.
"""

import gc
import json
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune
from ray.tune import PlacementGroupFactory

from raysweep.execution.cluster.remote import choose_device
from raysweep.execution.tasks import TrainTask, Workplace, describe, record_failure
from raysweep.execution.worker import start_training
from raysweep.results.patience import Patience, StorageError
from raysweep.study.core import Trial
from raysweep.study.models import FamilySettings
from raysweep.training.loop import TrainingRun

STEP_SECONDS = 3.0
"""Seconds of training per Tune step: a step costs Tune about 20 ms."""


def to_config(task: TrainTask) -> dict[str, Any]:
    """A task in plain values: Tune replaces other objects by place-holders."""
    place = task.workplace
    return {
        "id": task.trial.id,
        "trial": task.trial.model_dump_json(),
        "results": str(place.results),
        "data": str(place.data),
        "checkpoint_seconds": task.checkpoint_seconds,
        "flop": task.flop,
        "limits": json.dumps(sorted(task.limits.items())),
    }


def from_config(config: dict[str, Any]) -> TrainTask:
    """The task of a configuration that Tune hands out."""
    values = config["task"]
    place = Workplace(values["results"], Path(values["data"]))
    trial = Trial.model_validate_json(values["trial"])
    return TrainTask(trial, place, values["checkpoint_seconds"], values["flop"], dict(json.loads(values["limits"])))


class TrialTrainable(tune.Trainable):  # type: ignore[misc]
    """Trains the trial of `config["task"]`, a `TrainTask` in plain values, whatever its family.

    Tune takes one class for a sweep, and with one class a process goes on with the next trial, whatever its family,
    instead of being started anew.

    Tune is told numbers only, all finite: `share` (0 … 1, comparable between families) and `score`, the family's
    `metric`, once it is known; and `halt`, why nothing can go on, where the storage has been given up.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Accepts the trial. The first step builds it: an error here could not be retried."""
        self.task = from_config(config)
        self.run: TrainingRun | None = None
        self.share = 0.0
        self.patience: Patience | None = None

    def step(self) -> dict[str, Any]:
        """Trains for some seconds; the first step takes up the trial's checkpoint."""
        try:
            if self.run is None:
                self.run = start_training(self.task, choose_device())
            state = self.run.advance(STEP_SECONDS)
        except StorageError as error:
            return self._told(done=True, halt=str(error))
        except OSError as error:
            return self._wait(error)
        except Exception as error:
            record_failure(self.task, describe(error))
            raise
        self.share = state.share
        self.patience = None
        metric = self.task.trial.model.metric
        known = {"score": state.metrics[metric]} if metric in state.metrics else {}
        return self._told(done=state.status != "running", **known)

    def _wait(self, error: OSError) -> dict[str, Any]:
        """Waits for storage that cannot be read."""
        self.cleanup()
        self.patience = self.patience or Patience()
        try:
            self.patience.wait(error, f"results folder {self.task.workplace.results}: cannot be used")
        except StorageError as told:
            return self._told(done=True, halt=str(told))
        return self._told(done=False)

    def _told(self, done: bool, **more: float | str) -> dict[str, Any]:
        """What Tune is told."""
        return {"trial": self.task.trial.id, "share": self.share, "done": done, **more}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Leaves Tune a note; the checkpoint itself is in our results folder."""
        if self.run is not None:
            self.run.checkpoint()
        Path(checkpoint_dir, "note.json").write_text(json.dumps({"trial": self.task.trial.id}))

    def load_checkpoint(self, checkpoint: str) -> None:
        """Nothing to do: `setup` has taken up the latest checkpoint."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Accepts another trial in the same process, after the old model's memory is freed."""
        self.cleanup()
        self.setup(new_config)
        return True

    def cleanup(self) -> None:
        """Releases the trial."""
        run, self.run = self.run, None
        if run is not None:
            run.close()
        del run
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @classmethod
    def default_resource_request(cls, config: dict[str, Any]) -> PlacementGroupFactory:
        """The trial's own resources; a GPU only where the cluster has any."""
        resources = from_config(config).trial.resources
        bundle: dict[str, float] = {"CPU": resources.cpus}
        if resources.gpus and ray.cluster_resources().get("GPU"):
            bundle["GPU"] = resources.gpus
        return PlacementGroupFactory([bundle])


def trainable(family: type[FamilySettings]) -> type[TrialTrainable]:
    """The trainable of a family under a name of its own, as in `WganGpTrainable`: for a `Tuner` of one's own."""
    return type(f"{family.__name__}Trainable", (TrialTrainable,), {"__doc__": f"Trains a trial of {family.__name__}."})
