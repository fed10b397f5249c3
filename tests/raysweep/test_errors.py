import io

import pytest

from raysweep.errors import choices, encodable


def test_what_is_allowed_is_offered_with_the_name_most_like_the_one_given() -> None:
    assert choices("stpes", ["steps", "batch"]) == "did you mean 'steps'? Allowed: steps, batch"
    assert choices("far", ["steps", "batch"]) == "allowed: steps, batch"
    assert choices("far", []) == "none is allowed here"


@pytest.mark.parametrize(("encoding", "written"), [("ascii", "lambda = 3 x 2 ?"), ("utf-8", "λ = 3 × 2 語")])
def test_signs_that_an_encoding_lacks_are_written_in_words(encoding: str, written: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    encodable(stream)
    stream.write("λ = 3 × 2 語")
    stream.seek(0)
    assert stream.buffer.read().decode(encoding) == written  # type: ignore[attr-defined]
