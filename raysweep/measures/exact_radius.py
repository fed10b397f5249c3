"""The class radius of a toy, exactly, with the probabilities of its classes."""

from raysweep.measures.context import Columns, MeasureContext
from raysweep.radius.exact import toy_classes
from raysweep.study.measures import Shard
from raysweep.study.measures.exact_radius import ExactRadius
from raysweep.study.models.toy import Toy
from raysweep.theory.class_radius import exact_probabilities, lemma


def run(settings: ExactRadius, shard: Shard, context: MeasureContext) -> Columns:
    """One row."""
    model = context.trial.model
    assert isinstance(model, Toy), f"{model.family} has no closed form"
    boxes = toy_classes(model.generator)
    probabilities = boxes.probabilities()
    return {
        "radius": [boxes.expected_radius()],
        "probabilities": [probabilities],
        "bound": [lemma(exact_probabilities(probabilities)).value],
    }
