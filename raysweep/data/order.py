"""Which training images a step sees: a function of their number, the seed and the step, so nothing has to be stored."""

import numpy as np
from numpy.typing import NDArray

from raysweep.seeding import derive_seed


class BatchStream:
    """The order in which training images are seen: seeded permutations of all of them, one after the other."""

    def __init__(self, images: int, seed: int) -> None:
        self.images = images
        self.seed = seed
        self._epochs: dict[int, NDArray[np.int64]] = {}

    def indices(self, start: int, count: int) -> NDArray[np.int64]:
        """The images at positions `start` to `start + count` of the stream."""
        first, last = start // self.images, (start + count - 1) // self.images
        order = np.concatenate([self._epoch(number) for number in range(first, last + 1)])
        offset = start - first * self.images
        return order[offset : offset + count]

    def _epoch(self, number: int) -> NDArray[np.int64]:
        if number not in self._epochs:
            generator = np.random.default_rng(derive_seed(self.seed, "order", number))
            # Only the newest few are kept: one permutation of a large data set is megabytes.
            self._epochs = {k: order for k, order in self._epochs.items() if k >= number - 1}
            self._epochs[number] = generator.permutation(self.images)
        return self._epochs[number]
