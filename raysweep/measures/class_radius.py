"""Expected distance from a prior sample to the nearest other class, over the classes of the study's LeNet."""

from torch import Tensor
from torch.nn.functional import normalize

from raysweep import radius
from raysweep.measures.context import Columns, MeasureContext
from raysweep.measures.streams import normal, normal_each
from raysweep.study.measures import ClassRadius, Shard


def run(settings: ClassRadius, shard: Shard, context: MeasureContext) -> Columns:
    """The radius of each sample of the shard; see `raysweep.radius.class_radius`.

    Samples and rays are drawn for each index, the bank for the trial: all its shards search the same bank.
    """
    classifier, learner, device = context.classifier, context.learner, context.device
    assert classifier is not None, "the class radius needs the study's classifier"

    def logits(z: Tensor) -> Tensor:
        return classifier.logits(learner.generate(z))

    name, dim = (settings.name, context.trial.seed), context.latent_dim
    items = range(shard.start, shard.stop)
    radii = radius.class_radius(
        logits,
        normal_each(items, (dim,), device, *name, "sample"),
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
        "label": radii.label.tolist(),
        "other_label": [label if reached else None for label, reached in others],
        "status": ["found" if reached else "censored" for reached in found],
        "evaluations": radii.evaluations.tolist(),
    }
