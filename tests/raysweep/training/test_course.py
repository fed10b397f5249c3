import pandas as pd

from raysweep.study import Vae
from raysweep.training.course import course_of


def test_a_course_is_the_best_loss_so_far_by_progress() -> None:
    rows = [
        (step, split, metric, value)
        for step, losses in {15: (3.0, 1.0), 30: (1.0, 1.0), 60: (2.0, 1.0)}.items()
        for split, metric, value in [
            ("validation", "reconstruction", losses[0]),
            ("validation", "divergence", losses[1]),
            ("train", "reconstruction", 9.0),
        ]
    ]
    history = pd.DataFrame(rows, columns=["step", "split", "metric", "value"])
    assert course_of(history, Vae(), 60, 4) == {1: 4.0, 2: 2.0, 4: 2.0}
