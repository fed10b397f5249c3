import torch

from raysweep.inversion.problem import squared_error


def test_the_error_is_summed_over_the_pixel_values_of_each_image() -> None:
    images, targets = torch.zeros(2, 1, 2, 2), torch.tensor([1.0, 2.0, 3.0, 4.0]).view(1, 1, 2, 2).repeat(2, 1, 1, 1)
    targets[1] *= 2
    assert squared_error(images, targets).tolist() == [30.0, 120.0]
