"""The studies that come with raysweep: they load, cost what they say, and train."""

import importlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from raysweep.cli.loading import known_studies, load_study
from raysweep.cli.plan import with_prefix
from raysweep.execution.plan import make_plan
from raysweep.models import build_learner
from raysweep.models.networks import build
from raysweep.study import Pca, Study
from raysweep.study.data import DataFacts

NAMES = tuple(name for name in known_studies() if isinstance(load_study(name), Study))
REDUCED = ("celeba", "cifar10", "grid2d", "lcvae_mnist", "lcvae_readings", "mnist")
"""Studies whose full form is not for two cores; of the others the full form is small already."""
NARROW = {"width": 4, "batch": 8, "parameter_budget": None}
TWENTY_MINUTES = 20 * 60 * 2 * 50e9
"""Operations that two cores do in that time, as `--plan` reckons: 50 GFLOP/s each."""


def facts_of(study: Study) -> DataFacts:
    return study.data.facts(Path())


@pytest.mark.parametrize("name", NAMES)
def test_a_study_has_its_files_name_and_survives_json(name: str) -> None:
    study = load_study(name)
    assert study.name == name
    assert Study.model_validate_json(study.model_dump_json()) == study
    assert study.question.endswith("?")


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique(name: str) -> None:
    ids = [trial.id for trial in load_study(name).trials]
    assert len(set(ids)) == len(ids)


# Arms × their axes' values × seeds, and the classifier where a measure needs one.
TRIALS = {
    "digits": 1 + 4 * 3 * 2 + 2 * 3 * 2,  # 4 families × 3 dim(z) × 2 seeds; 2 λ × 3 c × 2 seeds
    "mnist": 1 + 10 * 3 * 3,  # 10 families and controls × 3 dim(z) × 3 seeds
    "cifar10": 8 * 7 * 3,  # 8 families and controls × 7 dim(z) × 3 seeds
    "celeba": 4 * 6 * 3,  # 2 families and 2 controls × 6 dim(z) × 3 seeds
    "toys": 2,  # 2 generators
    "grid2d": 4 * 2 * 3 * 5,  # 4 families × 2 dim(z) × 3 learning rates × 5 seeds
    "lcvae_mnist": 1 + (2 * 2 + 2 * 2 + 2 + 3) * 3,  # λ × c twice, c of weights, c of gains; 3 seeds
    "lcvae_readings": 1 + (1 + 4 + 3 + 4 + 1 + 2) * 3,  # VAE, c three times, sample, mean and sum; 3 seeds
    "polynomial": 3 * 2 * 2 * 8,  # nodes × forms × arithmetics × numbers of images
}


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_trials_is_that_counted_by_hand(name: str) -> None:
    assert len(load_study(name).trials) == TRIALS[name]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_the_docstring_states_the_cost_that_the_plan_computes(name: str) -> None:
    study = load_study(name)
    plan = make_plan(study, facts_of(study), None)
    module = importlib.import_module(f"search_spaces.{name}")
    assert f"{with_prefix(plan.flop, 'FLOP')} in {len(study.trials)} trials" in (module.__doc__ or "")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_can_be_built_for_its_data_and_has_the_planned_parameters(name: str) -> None:
    study = load_study(name)
    facts = facts_of(study)
    study.check_shapes(Path())
    for trial in {trial.model: trial for trial in study.trials}.values():
        networks = trial.model.networks(facts).values()
        with torch.device("meta"):  # tensors without memory: CelebA's networks have 600 million values
            values = sum(p.numel() for network in networks for p in build(network, torch.Generator()).parameters())
        assert values == trial.model.parameters(facts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.slow
def test_every_arm_trains_at_reduced_width(name: str) -> None:
    study = load_study(name)
    facts = replace(facts_of(study), train=256)  # GLO has a latent for each
    for trial in {trial.arm: trial for trial in study.trials}.values():  # the last point of each arm
        if isinstance(trial.model, Pca):
            continue  # which has no width: CelebA's covariance alone takes minutes
        fields = type(trial.model).model_fields
        model = trial.model.model_copy(update={k: v for k, v in NARROW.items() if k in fields})
        if not model.total_steps(facts):
            continue
        learner = build_learner(model, facts, 0, torch.device("cpu"))
        count = model.images_per_step
        stream = torch.Generator().manual_seed(0)
        images = torch.rand(count, facts.shape.channels, facts.shape.size, facts.shape.size, generator=stream) * 2 - 1
        labels = None if facts.classes is None else torch.arange(count) % facts.classes
        for step in range(2):
            losses = learner.update(images, labels, step)
        assert all(torch.isfinite(loss) for loss in losses.values()), trial.id


@pytest.mark.parametrize("name", REDUCED)
def test_a_reduced_form_is_for_two_cores_and_twenty_minutes(name: str) -> None:
    study = load_study(name, reduced=True)
    assert Study.model_validate_json(study.model_dump_json()) == study
    study.check_shapes(Path())
    assert make_plan(study, facts_of(study), None).flop < TWENTY_MINUTES
    assert {arm.model.family for arm in study.arms} <= {arm.model.family for arm in load_study(name).arms}
