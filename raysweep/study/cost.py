"""What trials and measures cost, before anything is run: operations, hours on a named device, bytes. No torch, no Ray.

Operations are floating-point operations of convolutions and dense layers (a multiply-add is two), counted from the
networks' descriptions in `raysweep.study.architecture`. Hours divide them by a device's peak and a stated utilisation,
the share of the peak that training reaches: an estimate to plan by, good to a factor of two or three where networks are
wide. Narrow ones keep a GPU waiting for its next task, and take several times as long there.
"""

from dataclasses import dataclass

from raysweep.errors import UserError, choices
from raysweep.study.core import Trial
from raysweep.study.data import DataFacts
from raysweep.study.measures import MeasureSettings, Shard

BYTES_PER_VALUE = 4
"""Weights and optimiser states are float32."""


@dataclass(frozen=True)
class Device:
    """A processor for which hours are stated."""

    name: str
    peak: float
    """Floating-point operations per second, in the precision that PyTorch uses for float32 convolutions by default:
    TF32 on NVIDIA GPUs since Ampere, float32 elsewhere."""
    memory: float
    """Bytes."""
    utilisation: float
    """Share of the peak that is reached."""

    def seconds(self, flop: float) -> float:
        """Hours that these operations take."""
        return flop / (self.peak * self.utilisation)


GPU_UTILISATION = 0.3
"""An assumption, not a measurement: wide 5 × 5 convolutions on batches of 64 keep a large GPU only partly busy."""

_DEVICES = (
    # Assumed: AVX2 at 3.1 GHz, 2 units × 8 values × 2 operations a cycle = 99 GFLOP/s, half of it reached. Measured on
    # a server's core: 99 and 46 GFLOP/s (WGAN-GP of width 16 and VAE of width 32 on MNIST), 30 (width 8 on digits).
    Device("laptop-core", peak=100e9, memory=8e9, utilisation=0.5),
    # Source: NVIDIA V100 data sheet (2020), SXM2, FP32; it has no TF32.
    Device("v100", peak=15.7e12, memory=32e9, utilisation=GPU_UTILISATION),
    # Source: NVIDIA A100 data sheet (2021), SXM 80 GB, TF32 without sparsity.
    Device("a100", peak=156e12, memory=80e9, utilisation=GPU_UTILISATION),
    # Source: NVIDIA H100 data sheet (2023), SXM; half of the 989 TFLOP/s stated for TF32 with sparsity.
    Device("h100", peak=494.7e12, memory=80e9, utilisation=GPU_UTILISATION),
    # Source: NVIDIA H200 data sheet (2024), SXM; TF32 as the H100.
    Device("h200", peak=494.7e12, memory=141e9, utilisation=GPU_UTILISATION),
)

DEVICES = {device.name: device for device in _DEVICES}
"""The devices for which hours can be stated, by name."""


def find_device(name: str) -> Device:
    """The device of that name.

    Raises:
        UserError: it is not in `DEVICES`.
    """
    if name not in DEVICES:
        raise UserError(f"estimated_device {name!r}: unknown; {choices(name, DEVICES)}")
    return DEVICES[name]


@dataclass(frozen=True)
class Cost:
    """The cost of training a trial, and the size of its files."""

    flop: float
    """Floating-point operations of all training steps; evaluations on held-out images come on top."""
    parameters: int
    """Trained values of all networks."""
    checkpoint_bytes: int
    """Size of the checkpoint that is there while the trial trains: weights and the optimiser's state."""
    model_bytes: int
    """Size of the finished model: weights."""


def trial_cost(trial: Trial, facts: DataFacts) -> Cost:
    """What a trial costs. Sizes leave out BatchNorm's running statistics and the file's own overhead, both small."""
    parameters = trial.model.parameters(facts)
    return Cost(
        flop=trial.model.flop_per_step(facts) * trial.model.total_steps(facts),
        parameters=parameters,
        checkpoint_bytes=BYTES_PER_VALUE * trial.model.values_to_continue(facts),
        model_bytes=BYTES_PER_VALUE * parameters,
    )


def measure_cost(measure: MeasureSettings, trial: Trial, facts: DataFacts) -> dict[Shard, float]:
    """Floating-point operations of every shard of a measure of one trial; empty where it does not apply.

    The statistics of the real images, computed once for a study, are not part of it.
    """
    if not measure.applies_to(trial.model):
        return {}
    return {shard: measure.flop(trial.model, facts, shard) for shard in measure.shards(trial.model, facts)}
