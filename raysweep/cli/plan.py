"""Prints a plan: what a run would do, before it does any of it."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.measure import Measurement
from rich.table import Table

from raysweep.cli.durations import in_unit
from raysweep.execution.plan import Plan, make_plan
from raysweep.study.core import Arm
from raysweep.study.cost import Device, find_device
from raysweep.study.data import DataFacts
from raysweep.tuning.settings import Tuning


def print_plan(plan: Plan, console: Console, every_trial: bool) -> None:
    """Prints the plan: a line an arm and a measure, and with `every_trial` a line a trial as well.

    If the console is not a terminal, it is made as wide as the tables, so that nothing is cut off.
    """
    tables = [_arm_table(plan), _measure_table(plan)]
    if every_trial:
        tables.insert(0, _trial_table(plan))
    if not console.is_terminal:
        unlimited = console.options.update(max_width=1000)
        console.width = max(100, *(Measurement.get(console, unlimited, table).maximum for table in tables))
    parts = [*_heading(plan), *(part for table in tables for part in ("", table)), "", *_summary(plan)]
    console.print(Group(*parts), markup=False, highlight=False)


def print_search(tuning: Tuning, facts: DataFacts, console: Console) -> None:
    """Prints what a tuning searches and its cost, as if every configuration cost as much as the tuning's own model."""
    arm = {"model": tuning.model}
    searched = _flop_of_arm(make_plan(tuning.study(arm, tuning.seeds), facts, None), "model")
    fresh = _flop_of_arm(make_plan(tuning.study(arm, tuning.fresh_seeds, final=True), facts, None), "model")
    device = find_device(tuning.estimated_device)
    finalists = tuning.finalists
    pruner = f", pruned by {tuning.pruner.kind}" if tuning.pruner else ""
    trained, twins = (finalists, "") if tuning.twin is None else (2 * finalists, " with a twin each")
    lines = [
        f"Tuning {tuning.name}: {tuning.title}",
        tuning.question,
        f"Searched: {', '.join(tuning.space)}; for {', '.join(tuning.objectives)}, by {tuning.sampler.kind}{pruner}",
        f"Search: {tuning.configurations} configurations of {_seeds(tuning.seeds)}, {tuning.parallel} at a time; "
        f"{_effort(tuning.configurations * searched, device)}.",
        f"Finalists: at most {finalists}{twins}, on {_seeds(tuning.fresh_seeds, 'fresh ')}; at most "
        f"{_effort(trained * fresh, device)}.",
        "Both as if every configuration cost what the tuning's own model costs: a typical cost, not a bound.",
    ]
    console.print("\n".join(lines), markup=False, soft_wrap=True)


def _seeds(seeds: Sequence[int], kind: str = "") -> str:
    return f"{len(seeds)} {kind}seed{'s' if len(seeds) > 1 else ''}"


def _flop_of_arm(plan: Plan, arm: str) -> float:
    """Operations of an arm, without the classifier's."""
    trials = [planned for planned in plan.trials if planned.trial.arm == arm]
    return sum(planned.cost.flop + sum(measure.flop for measure in planned.measures) for planned in trials)


def _heading(plan: Plan) -> list[str]:
    facts = plan.facts
    classes = f", {facts.classes} classes" if facts.classes else ", no classes"
    return [
        f"Study {plan.study.name}: {plan.study.title}",
        plan.study.question,
        *([f"Reduced: {plan.study.reduction}"] if plan.study.reduction else []),
        f"Data: {plan.study.data.words}, {facts.train:,} training and {facts.validation:,} validation "
        f"{facts.items}{classes}",
        *(f"  {remark}" for remark in facts.remarks),
        f"Seeds: {', '.join(map(str, plan.study.seeds))}",
    ]


def _summary(plan: Plan) -> list[str]:
    device, study = plan.device, plan.study
    idle = [m.name for m in study.measures if not any(study.applies(m, t.arm, t.model) for t in study.trials)]
    return [
        *([f"No model of this study can have this measured: {', '.join(idle)}."] if idle else []),
        f"In all: {len(plan.trials)} trials and {plan.shards:,} shards; {_effort(plan.flop, device)}.",
        f"Left to do: {plan.trials_left} trials and {plan.shards_left:,} shards; {_effort(plan.flop_left, device)}.",
        f"Times are of one {device.name} alone: {with_prefix(device.peak, 'FLOP/s')} at most, of which "
        f"{device.utilisation:.0%} are taken to be reached. An estimate to a factor of two or three for wide networks; "
        "narrow ones take longer.",
        f"Disk: {with_prefix(plan.model_bytes, 'B')} for models, and at most {with_prefix(plan.checkpoint_bytes, 'B')} "
        "for checkpoints while they train; tables and pictures come on top.",
        _existing(plan),
    ]


def _effort(flop: float, device: Device) -> str:
    return f"{with_prefix(flop, 'FLOP')}, {in_unit(device.seconds(flop))}"


def _existing(plan: Plan) -> str:
    if plan.folder is None:
        return "Results folder: not there yet, nothing has been done."
    states = [planned.state for planned in plan.trials if planned.state != "to do"]
    counted = [f"{states.count(state)} {state}" for state in sorted(set(states))]
    trials = f"trials: {', '.join(counted)}" if counted else "no trial of this study"
    done = plan.shards - plan.shards_left
    others = f"; and {plan.other_trials} trials of other settings, which are left alone" if plan.other_trials else ""
    return f"Results folder {plan.folder} has {trials}; {done:,} of {plan.shards:,} shards{others}."


def _trial_table(plan: Plan) -> Table:
    table = _table("Trial", "State", ">Cores", ">GPUs", ">Operations", ">Training", ">Shards", ">Measuring")
    for planned in plan.trials:
        resources = planned.trial.resources
        shards = sum(measure.shards for measure in planned.measures)
        table.add_row(
            planned.trial.id,
            planned.state,
            str(resources.cpus),
            f"{resources.gpus:g}",
            with_prefix(planned.cost.flop, "FLOP"),
            in_unit(plan.device.seconds(planned.cost.flop)),
            f"{sum(measure.done for measure in planned.measures)}/{shards}",
            in_unit(plan.device.seconds(sum(measure.flop for measure in planned.measures))),
        )
    return table


def _arm_table(plan: Plan) -> Table:
    table = _table("Arm", "Axes", ">Trained", ">Parameters", ">Cores", ">GPUs", ">Operations", ">Time")
    arms = {arm.name: arm for arm in plan.study.arms}
    for name in dict.fromkeys(planned.trial.arm for planned in plan.trials):
        group = [planned for planned in plan.trials if planned.trial.arm == name]
        flop = sum(planned.cost.flop for planned in group)
        table.add_row(
            name,
            _axes(arms[name]) if name in arms else "",
            f"{sum(planned.ended for planned in group)}/{len(group)}",
            _range([planned.cost.parameters for planned in group]),
            str(group[0].trial.resources.cpus),
            f"{group[0].trial.resources.gpus:g}",
            with_prefix(flop, "FLOP"),
            in_unit(plan.device.seconds(flop)),
        )
    return table


def _measure_table(plan: Plan) -> Table:
    table = _table("Measure", ">Trials", ">Shards", ">Operations", ">Time")
    for measure in plan.study.measures:
        group = [planned for planned in plan.measures if planned.measure == measure]
        flop = sum(planned.flop for planned in group)
        table.add_row(
            measure.name,
            str(len(group)),
            f"{sum(planned.done for planned in group):,}/{sum(planned.shards for planned in group):,}",
            with_prefix(flop, "FLOP"),
            in_unit(plan.device.seconds(flop)),
        )
    return table


def _table(*headings: str) -> Table:
    """Makes a plain table; a column whose heading begins with ">" is aligned to the right."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading.removeprefix(">"), justify="right" if heading[0] == ">" else "left", overflow="fold")
    return table


def _axes(arm: Arm) -> str:
    return "; ".join(f"{axis} {', '.join(_value(value) for value in values)}" for axis, values in arm.over.items())


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(values: Sequence[int]) -> str:
    ends = (with_prefix(min(values), ""), with_prefix(max(values), ""))
    return " to ".join(dict.fromkeys(ends))


def with_prefix(value: float, unit: str) -> str:
    """Formats operations with three digits and an SI prefix: 13.8 TFLOP."""
    prefixes = iter(" kMGTPEZY")
    prefix = next(prefixes)
    while value >= 999.5:
        value, prefix = value / 1000, next(prefixes)
    return f"{value:.3g} {prefix.strip()}{unit}".strip()
