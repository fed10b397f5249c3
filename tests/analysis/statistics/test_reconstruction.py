import pandas as pd

from analysis.statistics.reconstruction import ALIKE, recoveries, repetitions
from raysweep.study.measures.reconstruction import RECOVERED


def rows(*images: tuple[str, float, float | None]) -> pd.DataFrame:
    return pd.DataFrame(images, columns=["part", "mse", "repeated_mse"]).assign(signal=0.5)


def test_a_generated_image_is_recovered_below_a_share_of_the_signal() -> None:
    some = rows(
        ("generated", 0.9 * RECOVERED * 0.5, None), ("generated", 1.1 * RECOVERED * 0.5, None), ("train", 0, None)
    )
    assert recoveries(some)["recovered"].tolist() == [True, False]


def test_two_searches_end_alike_near_each_other_or_if_both_recover() -> None:
    tiny = RECOVERED * 0.5
    some = rows(
        ("train", 0.1, 0.1 * (1 - 0.9 * ALIKE)),
        ("train", 0.1, 0.1 * (1 - 1.1 * ALIKE)),
        ("generated", 0.9 * tiny, 0.1 * tiny),
        ("generated", 1.1 * tiny, 0.1 * tiny),
        ("noise", 0.1, 0.1),
        ("validation", 0.1, None),
    )
    assert repetitions(some)["alike"].tolist() == [True, False, True, False]
