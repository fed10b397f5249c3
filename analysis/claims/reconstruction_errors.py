"""The reconstruction errors that claims compare: of one measure, by family, part, dim(z) and seed."""

from dataclasses import dataclass

from analysis.claims.base import Finding, not_measured
from analysis.results import Results, Value
from analysis.statistics.cells import Cells, as_cells, main_values
from analysis.text.parts import in_order
from raysweep.study.measures.reconstruction import Reconstruction

GAN = "wgan_gp"
"""The family of the paper's GAN. The first of its arms that is trained is judged."""


@dataclass(frozen=True)
class ReconstructionErrors:
    """Mean squared errors of every trial and part of a measure."""

    results: Results
    values: tuple[Value, ...]
    foreign: str
    """Kind of the data set that foreign images are of; "" where there are none."""

    @property
    def parts(self) -> list[str]:
        """The parts that were reconstructed, in order."""
        return in_order(value.part for value in self.values)

    def of(self, family: str, part: str) -> list[Value]:
        """The errors of the first trained arm of a family on the images of a part."""
        return main_values(self.results, self.values, family, part)

    def cells(self, family: str, part: str) -> Cells:
        """The same by dim(z) and seed."""
        return as_cells(self.of(family, part))


def reconstruction_errors(results: Results, *needed: str) -> ReconstructionErrors | Finding:
    """The errors of the first measure that has parts of all names `needed` or beginning so; or that there are none.

    Measures that invert decoders are left aside: the claims are of autoencoders that encode.
    """
    for measure in results.measures("reconstruction"):
        assert isinstance(measure, Reconstruction)
        foreign = measure.foreign.kind if measure.foreign else ""
        errors = ReconstructionErrors(results, results.means(results.rows(measure), "mse"), foreign)
        if measure.decoder == "encode" and all(any(p.startswith(name) for p in errors.parts) for name in needed):
            return errors
    what = f" of {' and '.join(name.strip('_') for name in needed)} images" if needed else ""
    return not_measured(f"There are no reconstruction errors{what} in the tables.")
