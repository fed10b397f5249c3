"""Expected distance from a prior sample to the nearest other class."""

from torch import Tensor
from torch.nn.functional import normalize

from raysweep import radius
from raysweep.measures.classes import logits_of
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal, normal_each
from raysweep.radius.exact import toy_classes
from raysweep.study.measures import ClassRadius, Shard
from raysweep.study.models import Toy


def run(settings: ClassRadius, shard: Shard, context: MeasureContext) -> Columns:
    """The radius of each sample of the shard; see `raysweep.radius.class_radius`.

    Samples and rays are drawn for each index, the bank for the trial: all its shards search the same bank.
    """
    learner, device = context.learner, context.device
    classify = logits_of(settings.classifier, context)

    def logits(z: Tensor) -> Tensor:
        return classify(learner.generate(z))

    name, dim = (settings.name, context.trial.seed), context.latent_dim
    items = range(shard.start, shard.stop)
    z = normal_each(items, (dim,), device, *name, "sample")
    radii = radius.class_radius(
        logits,
        z,
        radius.make_bank(logits, normal((settings.bank, dim), device, *name, "bank")),
        normalize(normal_each(items, (settings.rays, dim), device, *name, "rays"), dim=2),
        bank_starts=settings.bank_starts,
        ray_starts=settings.ray_starts,
        projections=settings.projections,
    )
    found = radii.found.tolist()
    others = zip(radii.other_label.tolist(), found, strict=True)
    return {
        "sample": list(items),
        "radius": radii.radius.tolist(),
        "exact": _exact(context, z),
        "label": radii.label.tolist(),
        "other_label": [label if reached else None for label, reached in others],
        "status": ["found" if reached else "censored" for reached in found],
        "evaluations": radii.evaluations.tolist(),
    }


def _exact(context: MeasureContext, z: Tensor) -> list[float] | list[None]:
    """r(z) of a toy, which has a closed form; None of other models."""
    model = context.trial.model
    return toy_classes(model.generator).radius(z).tolist() if isinstance(model, Toy) else [None] * len(z)
