"""What a whole study would take on clusters that we do not have: time, idle share, bytes, storage requests, money.

    python benchmarks/cluster_simulation.py [--study celeba] [--gpus 8 64 512] [--price 2.5] [--flops 148e12]

A simulation of discrete events, of work that is placed as `raysweep.execution.cluster` places it: trials first, the
longest first; shards take what trials leave, those of the trial with the most work first, as soon as its model is
there, or, for comparison, when the last trial has ended. What work costs are the operations that `--plan` counts;
what comes on top are the overheads below, each with its origin. A job has the share of a GPU that its study asks for,
though a run measures how much of the memory it needs, and runs at that share of the GPU's speed.

Left out: failures, the statistics of real images (once for a study), the data sets' download, and tables and
TensorBoard's files, which are small beside models.
"""

import argparse
import csv
import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from matplotlib.figure import Figure

from raysweep.cli.loading import load_study
from raysweep.execution.cluster.batches import SECONDS
from raysweep.execution.plan import make_plan
from raysweep.results.store import StudyStore
from raysweep.study import Study
from raysweep.study.cost import find_device, measure_cost, trial_cost

PER_NODE = 8
"""GPUs of a node."""


@dataclass(frozen=True)
class Overheads:
    """Costs of work besides its operations. Seconds, bytes, bytes a second."""

    process: float = 6.4
    """Start of a process with Ray and PyTorch: processor time of a trial's new process, measured on two cores. Every
    trial is taken to need one; a process that goes on with the next trial does so within a second."""
    shard: float = 0.056
    """From one shard's end to the next one's start in one process: the mean in the digits study on three nodes that
    shared two cores (`--overheads` prints it for any results folder)."""
    seconds_per_process: float = SECONDS
    """On nodes with several GPUs a process computes so many seconds of shards of one measure of a model, which it loads
    (`raysweep.execution.cluster.batches`)."""
    shard_bytes: float = 5_100
    """A shard's file: the mean of the same run, whose images are smaller than CelebA's."""
    node_bandwidth: float = 1e9
    """An assumption: what a node reads and writes, storage and network alike."""
    part: float = 10e6
    """A file goes to S3 in parts of so many bytes, one request each: pyarrow's multipart uploads."""
    requests_per_trial: int = 14
    """Beside checkpoints, counted in `raysweep.results.store`: five when it ends (`finish_trial`), five looks at how it
    stands while it is scheduled and resumed, one read of its model, three when tables are gathered."""
    requests_per_shard: int = 4
    """Rows written, an earlier failure removed (`StudyStore.save_shard`), rows read when tables are gathered, and
    removed when they lie in one file with those of the other shards (`StudyStore.merge_shards`)."""


@dataclass(frozen=True)
class Job:
    """A trial's training, or a shard."""

    trial: str
    seconds: float
    gpus: float = 1.0


@dataclass
class Gpu:
    """A GPU of the simulated cluster."""

    node: int
    free: float = 1.0


@dataclass
class Outcome:
    """What a simulated run took."""

    gpus: int
    seconds: float = 0.0
    busy: float = 0.0
    """GPU-seconds that were taken."""
    transfers: dict[str, set[int]] = field(default_factory=dict)
    """Nodes to which each trial's model travelled."""
    steps: list[tuple[float, float]] = field(default_factory=list)
    """How many GPUs are taken, from each moment on."""

    @property
    def idle(self) -> float:
        """The share of GPU-seconds in which nothing ran."""
        return 1 - self.busy / (self.gpus * self.seconds) if self.seconds else 0.0


def simulate(
    training: Sequence[Job],
    shards: Mapping[str, Sequence[Job]],
    gpus: int,
    at_once: bool = True,
    first: Collection[str] = (),
) -> Outcome:
    """Runs training and the shards of each trial on so many GPUs.

    Args:
        training: the trials; a trial without one is there from the start.
        shards: by trial, the shards that need its model.
        gpus: how many there are.
        at_once: whether shards may start when their trial has ended, rather than the last trial.
        first: the trials that are trained first, and measured before other trials start.
    """
    cluster = [Gpu(number // PER_NODE) for number in range(gpus)]
    outcome = Outcome(gpus, transfers={trial: set() for trial in shards})
    waiting = sorted(training, key=lambda job: (job.trial not in first, -job.seconds * job.gpus))
    weight = {trial: sum(job.seconds * job.gpus for job in jobs) for trial, jobs in shards.items()}
    untrained = {job.trial for job in training}
    ready: list[tuple[bool, float, str, list[Job]]] = []

    def make_ready(trial: str) -> None:
        if shards.get(trial):
            heapq.heappush(ready, (trial not in first, -weight[trial], trial, list(reversed(shards[trial]))))

    for trial in shards.keys() - untrained:
        make_ready(trial)
    running: list[tuple[float, int, Job, Gpu, bool]] = []
    now, started = 0.0, 0

    def start(job: Job, gpu: Gpu, trains: bool) -> None:
        nonlocal started
        gpu.free -= job.gpus
        if not trains:
            outcome.transfers[job.trial].add(gpu.node)
        outcome.busy += job.seconds * job.gpus
        heapq.heappush(running, (now + job.seconds, started, job, gpu, trains))
        started += 1

    def place() -> None:
        place_shards(of_first=True)
        for job in list(waiting):
            gpu = fullest(cluster, job)
            if gpu is not None:
                waiting.remove(job)
                start(job, gpu, trains=True)
        if not waiting and (at_once or not untrained):
            place_shards(of_first=False)

    def place_shards(of_first: bool) -> None:
        while ready and not (of_first and ready[0][0]):
            jobs = ready[0][3]
            gpu = fullest(cluster, jobs[-1])
            if gpu is None:
                return
            start(jobs.pop(), gpu, trains=False)
            if not jobs:
                heapq.heappop(ready)

    place()
    outcome.steps.append((0.0, sum(1 - gpu.free for gpu in cluster)))
    while running:
        now, _, job, gpu, trains = heapq.heappop(running)
        gpu.free += job.gpus
        if trains:
            untrained.remove(job.trial)
            make_ready(job.trial)
        place()
        outcome.steps.append((now, sum(1 - gpu.free for gpu in cluster)))
    outcome.seconds = now
    return outcome


def fullest(cluster: Sequence[Gpu], job: Job) -> Gpu | None:
    """The GPU with the least room that is enough."""
    fitting = [gpu for gpu in cluster if gpu.free >= job.gpus - 1e-9]
    return min(fitting, key=lambda gpu: gpu.free, default=None)


def lower_bound(training: Sequence[Job], shards: Mapping[str, Sequence[Job]], gpus: int) -> float:
    """No schedule is shorter: neither than all work shared out evenly, nor than a trial and its longest shard."""
    jobs = [*training, *(job for group in shards.values() for job in group)]
    chains = [
        job.seconds + max((shard.seconds for shard in shards.get(job.trial, ())), default=0.0) for job in training
    ]
    return max(sum(job.seconds * job.gpus for job in jobs) / gpus, *(job.seconds for job in jobs), *chains)


@dataclass(frozen=True)
class Workload:
    """A study as jobs, and what it moves whatever the schedule."""

    training: list[Job]
    shards: dict[str, list[Job]]
    checkpoints: int
    checkpoint_bytes: float
    """Of all checkpoints that are written."""
    checkpoint_requests: int
    model_bytes: dict[str, float]
    data_bytes: float
    """Of the data set's pixels."""
    first: Collection[str]
    """The trials that come first, so that a report can be drawn early."""


def workload(study: Study, flops: float, checkpoint_seconds: float, overheads: Overheads) -> Workload:
    """The study's trials and shards, in seconds on GPUs that achieve `flops` operations a second."""
    facts = study.data.facts(Path("data"))
    training, models = [], {}
    shards: dict[str, list[Job]] = {}
    checkpoints, written, requests = 0, 0.0, 0
    for trial in study.trials:
        cost, share = trial_cost(trial, facts), trial.resources.gpus
        work = cost.flop / (flops * share)
        count = int(work // checkpoint_seconds)
        saving = (count * cost.checkpoint_bytes + cost.model_bytes) / overheads.node_bandwidth
        training.append(Job(trial.id, overheads.process + work + saving, share))
        checkpoints += count
        written += count * cost.checkpoint_bytes
        requests += count * math.ceil(cost.checkpoint_bytes / overheads.part)
        models[trial.id] = float(cost.model_bytes)
        loading = overheads.process + cost.model_bytes / overheads.node_bandwidth
        shards[trial.id] = []
        for measure in study.measures:
            if study.applies(measure, trial.arm, trial.model):
                seconds = [flop / (flops * share) for flop in measure_cost(measure, trial, facts).values()]
                processes = min(len(seconds), math.ceil(sum(seconds) / overheads.seconds_per_process))
                extra = overheads.shard + loading * processes / max(1, len(seconds))
                shards[trial.id].extend(Job(trial.id, extra + each, share) for each in seconds)
    data = float((facts.train + facts.validation) * facts.shape.pixels)
    return Workload(
        training, shards, checkpoints, written, requests, models, data, make_plan(study, facts, None).first_trials
    )


@dataclass(frozen=True)
class Row:
    """A line of the table: one cluster, one way to schedule, one checkpoint interval."""

    gpus: int
    measures: str
    checkpoint_seconds: float
    hours: float
    bound_hours: float
    idle: float
    gpu_hours: float
    dollars: float
    checkpoint_terabytes: float
    moved_terabytes: float
    """From storage to nodes, and between nodes: models and data sets."""
    requests: int


def row(work: Workload, gpus: int, at_once: bool, interval: float, price: float, overheads: Overheads) -> Row:
    """One simulated run."""
    outcome = simulate(work.training, work.shards, gpus, at_once, work.first if at_once else ())
    count = sum(len(jobs) for jobs in work.shards.values())
    nodes = math.ceil(gpus / PER_NODE)
    models = sum(work.model_bytes[trial] * (1 + len(on)) for trial, on in outcome.transfers.items() if on)
    hours = outcome.seconds / 3600
    parts = sum(math.ceil(size / overheads.part) for size in work.model_bytes.values())
    return Row(
        gpus,
        "at once" if at_once else "after the last trial",
        interval,
        hours,
        lower_bound(work.training, work.shards, gpus) / 3600,
        outcome.idle,
        gpus * hours,
        gpus * hours * price,
        work.checkpoint_bytes / 1e12,
        (models + nodes * work.data_bytes + count * overheads.shard_bytes) / 1e12,
        work.checkpoint_requests
        + parts
        + overheads.requests_per_trial * len(work.training)
        + overheads.requests_per_shard * count,
    )


def rows(study: Study, options: argparse.Namespace, overheads: Overheads) -> list[Row]:
    """Every cluster, checkpoint interval, and both ways to schedule."""
    return [
        row(work, gpus, at_once, interval, options.price, overheads)
        for interval in options.checkpoint_seconds
        for work in [workload(study, options.flops, interval, overheads)]
        for gpus in options.gpus
        for at_once in (True, False)
    ]


HEADINGS = {
    "gpus": "GPUs",
    "measures": "measures start",
    "checkpoint_seconds": "checkpoint every (s)",
    "hours": "time (h)",
    "bound_hours": "no schedule under (h)",
    "idle": "idle",
    "gpu_hours": "GPU-hours",
    "dollars": "cost ($)",
    "checkpoint_terabytes": "checkpoints (TB)",
    "moved_terabytes": "models and data moved (TB)",
    "requests": "storage requests",
}


def markdown(lines: Sequence[Row]) -> str:
    """The rows as a table."""
    head = "| " + " | ".join(HEADINGS.values()) + " |"
    rule = "|" + "---:|" * len(HEADINGS)
    return "\n".join([head, rule, *(_line(line) for line in lines)])


def _line(line: Row) -> str:
    cells = [
        str(line.gpus),
        line.measures,
        f"{line.checkpoint_seconds:g}",
        f"{line.hours:.1f}",
        f"{line.bound_hours:.1f}",
        f"{line.idle:.1%}",
        f"{line.gpu_hours:,.0f}",
        f"{line.dollars:,.0f}",
        f"{line.checkpoint_terabytes:.2f}",
        f"{line.moved_terabytes:.2f}",
        f"{line.requests:,}",
    ]
    return "| " + " | ".join(cells) + " |"


def draw(work: Workload, gpus: Sequence[int], file: Path) -> None:
    """GPUs at work over time, on each cluster."""
    figure = Figure(figsize=(9, 2.6), layout="constrained")
    for axes, number in zip(figure.subplots(1, len(gpus), squeeze=False)[0], gpus, strict=True):
        for at_once, words, style in ((True, "at once", "-"), (False, "after the last trial", ":")):
            steps = simulate(work.training, work.shards, number, at_once, work.first if at_once else ()).steps
            hours, taken = [moment / 3600 for moment, _ in steps], [busy for _, busy in steps]
            axes.step(hours, taken, style, where="post", label=words)
        axes.set(title=f"{number} GPUs", xlabel="hours", xlim=(0, None), ylim=(0, number * 1.05))
    figure.axes[0].set_ylabel("GPUs at work")
    figure.axes[0].legend(title="measures start", fontsize=8, title_fontsize=8, loc="lower left")
    figure.savefig(file, dpi=150)


def print_overheads(results: Path) -> None:
    """What a finished run says about overheads: the pauses between pieces of work in one process, and file sizes."""
    schedule = StudyStore(results).table("schedule").sort_values("started")
    for name, group in (
        ("trials", schedule[schedule["work"] == "train"]),
        ("shards", schedule[schedule["work"] != "train"]),
    ):
        pauses = [
            later - earlier
            for _, own in group.groupby(["node", "process"])
            for earlier, later in zip((own["started"] + own["wall"])[:-1], own["started"][1:], strict=True)
        ]
        mean, median = sum(pauses) / len(pauses), sorted(pauses)[len(pauses) // 2]
        print(f"between {name} in one process: mean {mean:.3f} s, median {median:.3f} s, of {len(pauses)}")
    sizes = [path.stat().st_size for path in (results / "shards").rglob("*.parquet")]
    print(f"a shard's file: mean {sum(sizes) / len(sizes):,.0f} bytes, of {len(sizes)}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--study", default="celeba")
    parser.add_argument("--gpus", type=int, nargs="+", default=[8, 64, 512])
    parser.add_argument("--checkpoint-seconds", type=float, nargs="+", default=[120.0, 900.0])
    parser.add_argument("--price", type=float, default=2.5, help="dollars for a GPU-hour: an assumption (default: 2.5)")
    device = find_device("h100")
    parser.add_argument(
        "--flops",
        type=float,
        default=device.peak * device.utilisation,
        help="operations a second that a GPU achieves (default: what --plan takes for an H100)",
    )
    parser.add_argument("--csv", type=Path, help="file for the table")
    parser.add_argument("--figure", type=Path, help="file for the figure")
    parser.add_argument("--overheads", type=Path, metavar="RESULTS", help="print those of a finished run, and end")
    options = parser.parse_args()
    if options.overheads:
        print_overheads(options.overheads)
        return
    study = load_study(options.study)
    assert isinstance(study, Study)
    overheads = Overheads()
    lines = rows(study, options, overheads)
    print(markdown(lines))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(HEADINGS))
            writer.writeheader()
            writer.writerows(asdict(line) for line in lines)
    if options.figure:
        draw(workload(study, options.flops, options.checkpoint_seconds[0], overheads), options.gpus, options.figure)


if __name__ == "__main__":
    main()
