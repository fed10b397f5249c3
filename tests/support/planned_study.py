"""A tiny study whose plan is worked out by hand."""

from pathlib import Path

from raysweep.results.store import StudyStore
from raysweep.results.trials import TrialRecord, Work
from raysweep.study import Arm, Autoencoder, Digits, Reconstruction, Resources, Samples, Study, Trial, Vae, grid
from raysweep.study.table import HISTORY

WORK = Work("node", 1, 0.0, 2.0, 1.0)
FACTS = Digits(limit=100).facts(Path())
# Two autoencoders (dim(z) 2 and 4) and a VAE, one seed each. Reconstruction: 30 training images in shards of 20 (2 of
# them) and 30 validation images (2): 4 shards a trial. Samples: 1 shard, of the VAE alone. 3 trials, 3 · 4 + 1 shards.
STUDY = Study(
    name="tiny",
    title="Tiny [bold]",
    question="Is the plan right?",
    data=Digits(limit=100),
    arms=(
        Arm(
            model=Autoencoder(steps=10, width=4, batch=16),
            over={"latent_dim": grid(2, 4)},
            resources=Resources(cpus=2, gpus=0.25),
        ),
        Arm(model=Vae(steps=20, width=4, batch=16, layers="mlp", latent_dim=2)),
    ),
    measures=(Reconstruction(images=30, shard=20), Samples(count=5)),
)
SMALLER, LARGER, VAE = STUDY.trials


def finish(store: StudyStore, trial: Trial, status: str = "finished") -> None:
    history = HISTORY.rows({"trial": [], "step": [], "split": [], "metric": [], "value": []})
    store.trials.finish(trial.id, TrialRecord(status, "", 10, 5), lambda file: file.write(b"w"), history, WORK)


def save_first_shard(store: StudyStore, trial: Trial) -> None:
    measure = STUDY.measures[0]
    shard = measure.shards(trial.model, FACTS)[0]
    rows = Reconstruction.table.rows({column.name: [] for column in Reconstruction.table.columns})
    store.shards.save(STUDY.measure_key(measure), trial.id, shard, rows, WORK)
