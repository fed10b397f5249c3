"""Expected distance from a prior sample to the nearest other class."""

from torch import Tensor, nn

from raysweep import radius
from raysweep.measures.classes import layers_of, logits_of
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal, normal_each
from raysweep.radius.exact import toy_classes
from raysweep.study.measures import Shard
from raysweep.study.measures.class_radius import GRID_SPACING, GRID_TOLERANCE, ClassRadius
from raysweep.study.models.toy import Toy


def run(settings: ClassRadius, shard: Shard, context: MeasureContext) -> Columns:
    """The radius of each sample of the shard; see `raysweep.radius.class_radius`.

    Samples and rays are drawn for each index, the bank for the trial: all its shards search the same bank.
    """
    name, device, dim = (settings.name, context.trial.seed), context.device, context.latent_dim
    problem = radius.Problem(context.learner.generate, logits_of(settings.classifier, context), dim)
    items = range(shard.start, shard.stop)
    z = normal_each(items, (dim,), device, *name, "sample")
    radii = radius.class_radius(
        problem.logits,
        z,
        radius.make_bank(problem.logits, normal((settings.bank, dim), device, *name, "bank")),
        normal_each(items, (settings.rays, dim), device, *name, "rays"),
        bank_starts=settings.bank_starts,
        ray_starts=settings.ray_starts,
        projections=settings.projections,
    )
    lower, lower_by = _lower(settings, context, problem, z, radii.radius)
    found = radii.found.tolist()
    others = zip(radii.other_label.tolist(), found, strict=True)
    return {
        "sample": list(items),
        "radius": radii.radius.tolist(),
        "lower": [None] * len(z) if lower is None else lower.tolist(),
        "lower_by": [lower_by] * len(z),
        "label": radii.label.tolist(),
        "other_label": [label if reached else None for label, reached in others],
        "status": ["found" if reached else "censored" for reached in found],
        "converged": radii.converged.int().tolist(),
        "evaluations": radii.evaluations.tolist(),
    }


def _lower(
    settings: ClassRadius, context: MeasureContext, problem: radius.Problem, z: Tensor, upper: Tensor
) -> tuple[Tensor | None, str]:
    """Lower bounds of r(z) with what they are from, or None with why there are none."""
    model, dim = context.trial.model, problem.latent_dim
    if isinstance(model, Toy):
        return toy_classes(model.generator).radius(z), "exact"
    if dim > settings.lower_up_to:
        return None, f"none: dim(z) is above {settings.lower_up_to}"
    if dim == 2:
        # The search may have found a class that slipped between the grid's points.
        return radius.grid_radius(problem, z, spacing=GRID_SPACING, tolerance=GRID_TOLERANCE).lower.minimum(
            upper
        ), "grid"
    generator = context.learner.generator
    if generator is None or (classifier := layers_of(settings.classifier, context)) is None:
        return None, "none: the generator or the classifier is no stack of layers"
    try:
        return radius.certified_radius(nn.Sequential(generator, classifier), z, upper), "certified"
    except radius.NoBoundsError as error:
        return None, f"none: {error}"
