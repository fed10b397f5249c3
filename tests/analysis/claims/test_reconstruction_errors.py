from collections.abc import Callable

import pytest

from analysis.claims.base import Finding
from analysis.claims.reconstruction_errors import GAN, ReconstructionErrors, reconstruction_errors
from analysis.results import Results
from raysweep.study import Reconstruction
from support.other_targets import MEASURE, errors_by_part, gan_ae

PLAIN = Reconstruction(name="plain", images=20, generated=10, shard=10)


def test_they_are_of_the_first_measure_with_the_parts_that_are_needed(make_results: Callable[..., Results]) -> None:
    results = make_results(gan_ae(PLAIN, MEASURE), mse=errors_by_part)
    first, with_shifts = reconstruction_errors(results), reconstruction_errors(results, "shifted_", "noise")
    assert isinstance(first, ReconstructionErrors)
    assert isinstance(with_shifts, ReconstructionErrors)
    assert (first.foreign, with_shifts.foreign) == ("", "mnist")
    assert "noise" in with_shifts.parts
    assert "noise" not in first.parts
    assert with_shifts.cells(GAN, "noise")[50] == {0: pytest.approx(0.06), 1: pytest.approx(0.08)}


def test_what_inverts_decoders_is_left_aside_and_what_is_missing_is_named(make_results: Callable[..., Results]) -> None:
    decoder = MEASURE.model_copy(update={"name": "decoder", "decoder": "invert"})
    found = reconstruction_errors(make_results(gan_ae(decoder, PLAIN), mse=errors_by_part), "shifted_", "noise")
    assert isinstance(found, Finding)
    assert found.why == "There are no reconstruction errors of shifted and noise images in the tables."
