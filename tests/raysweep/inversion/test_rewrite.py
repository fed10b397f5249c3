import pytest
import torch
from torch import Tensor, nn

from raysweep.inversion import fast_equal, rewrite
from raysweep.models.networks import build
from raysweep.study.architecture import ImageShape, looser_decoder, mlp_generator
from support.inversion_problems import random, untrained

DIGITS, MNIST, CIFAR, ODD = ImageShape(1, 8), ImageShape(1, 28), ImageShape(3, 32), ImageShape(2, 20)


def images_and_gradient(network: nn.Module, z: Tensor) -> tuple[Tensor, Tensor]:
    z = z.clone().requires_grad_()
    images = network(z)
    (gradient,) = torch.autograd.grad((images - 0.3).square().sum(), z)
    return images.detach(), gradient


@pytest.mark.parametrize("widest", [0, 10_000], ids=["channels first", "channels last"])
@pytest.mark.parametrize("shape", [DIGITS, MNIST, CIFAR, ODD], ids=["digits", "mnist", "cifar10", "from 5 pixels"])
def test_our_generators_are_rewritten_into_equal_ones(
    shape: ImageShape, widest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrite, "WIDEST_CHANNELS_LAST", widest)
    network, z = untrained(10, shape, 4), random(6, 10, seed=1)
    images, gradient = images_and_gradient(network, z)
    rewritten, rewritten_gradient = images_and_gradient(fast_equal(network, z), z)
    assert rewritten.shape == images.shape == (6, shape.channels, shape.size, shape.size)
    assert float((rewritten - images).norm() / images.norm()) < 1e-5
    assert float((rewritten_gradient - gradient).norm() / gradient.norm()) < 1e-4


@pytest.mark.parametrize("shape", [ImageShape(2, 1), DIGITS], ids=["points", "digits"])
def test_dense_generators_are_rewritten_into_equal_ones(shape: ImageShape) -> None:
    network = build(mlp_generator(3, shape, 8), torch.Generator().manual_seed(0))
    z = random(200, 3, seed=1)
    network(z)  # BatchNorm sees a batch
    network.double().eval()
    z = z.double()
    rewritten = fast_equal(network, z)
    for before, after in zip(images_and_gradient(network, z), images_and_gradient(rewritten, z), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-11, atol=1e-11)
    assert not any(isinstance(layer, nn.BatchNorm1d) for layer in rewritten.modules())


@pytest.mark.parametrize("shape", [DIGITS, ODD], ids=["digits", "from 5 pixels"])
def test_nothing_but_rounding_differs(shape: ImageShape) -> None:
    network, z = untrained(10, shape, 4).double(), random(6, 10, seed=1).double()
    for before, after in zip(
        images_and_gradient(network, z), images_and_gradient(fast_equal(network, z), z), strict=True
    ):
        torch.testing.assert_close(after, before, rtol=1e-11, atol=1e-11)


def test_batch_norms_are_folded_and_resizes_gone() -> None:
    network = untrained(10, CIFAR, 4)
    kinds = {type(layer) for layer in fast_equal(network, random(6, 10))}
    assert not kinds & {nn.BatchNorm2d, nn.Upsample}
    assert nn.BatchNorm2d in {type(layer) for layer in network}  # the original is left as it was
    taps = [layer.weight[0, 0].numel() for layer in fast_equal(network, random(6, 10)) if isinstance(layer, nn.Conv2d)]
    assert taps == [9, 9, 9, 9]  # the last one before the pixel shuffle


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 2), (5, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions_after_a_resize_are_equal_up_to_the_border(kernel: int, size: tuple[int, int], bias: bool) -> None:
    convolution = nn.Conv2d(2, 3, kernel, padding=kernel // 2, bias=bias)
    network = nn.Sequential(nn.Upsample(scale_factor=2), convolution).double().eval()
    images = random(4, 2, *size).double()
    rewritten = fast_equal(network, images)
    torch.testing.assert_close(rewritten(images), network(images), rtol=1e-12, atol=1e-12)
    assert isinstance(rewritten[-1], nn.PixelShuffle) == (kernel >= 5)  # three taps per axis stay three


@pytest.mark.parametrize("kernel", [3, 5, 7, 9])
@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 2), (5, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_convolutions_to_few_channels_before_a_pixel_shuffle_are_equal(
    kernel: int, size: tuple[int, int], bias: bool
) -> None:
    convolution = nn.Conv2d(2, 3, kernel, padding=kernel // 2, bias=bias)
    network = nn.Sequential(nn.PixelShuffle(2), nn.ReLU(), nn.Tanh(), convolution, nn.Tanh()).double().eval()
    images = random(4, 8, *size).double()
    rewritten = fast_equal(network, images)
    torch.testing.assert_close(rewritten(images), network(images), rtol=1e-12, atol=1e-12)
    assert isinstance(rewritten[0], nn.PixelShuffle) == (kernel == 3)  # nine times as many operations are too many


@pytest.mark.parametrize(
    "between",
    [nn.Softmax(dim=1), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 1)],
    ids=lambda layer: type(layer).__name__,
)
def test_pixel_shuffles_stay_before_layers_that_mix_values(between: nn.Module) -> None:
    network = nn.Sequential(nn.PixelShuffle(2), between, nn.Conv2d(2, 3, 5, padding=2)).eval()
    images = random(4, 8, 3, 3)
    rewritten = fast_equal(network, images)
    assert isinstance(rewritten[0], nn.PixelShuffle)
    torch.testing.assert_close(rewritten(images), network(images))


def test_pixel_shuffles_stay_before_convolutions_to_many_channels() -> None:
    network = nn.Sequential(nn.PixelShuffle(2), nn.Conv2d(2, rewrite.FEW_CHANNELS + 1, 5, padding=2))
    assert isinstance(fast_equal(network, random(4, 8, 3, 3))[0], nn.PixelShuffle)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 5, padding=1),
        nn.Conv2d(2, 3, 5, padding=2, stride=2),
        nn.Conv2d(2, 4, 5, padding=2, groups=2),
        nn.Conv2d(2, 3, 5, padding=2, padding_mode="reflect"),
        nn.Conv2d(2, 3, 5, padding=4, dilation=2),
        nn.Conv2d(2, 3, 5, padding="same"),
        nn.Conv2d(2, 3, (5, 7), padding=(2, 3)),
    ],
    ids=repr,
)
def test_other_convolutions_are_left_alone(layer: nn.Conv2d) -> None:
    network = nn.Sequential(nn.Upsample(scale_factor=2), layer, nn.BatchNorm2d(layer.out_channels)).eval()
    images = random(2, 2, 6, 6)
    torch.testing.assert_close(fast_equal(network, images)(images), network(images), rtol=1e-5, atol=1e-6)


def test_bilinear_resizes_are_left_alone() -> None:
    network = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 3, 5, padding=2))
    images = random(2, 2, 6, 6)
    torch.testing.assert_close(fast_equal(network, images)(images), network(images))


def test_transposed_convolutions_and_dense_layers_take_their_batch_norm() -> None:
    transposed = build(looser_decoder(6, MNIST, 8), torch.Generator().manual_seed(0))
    dense = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Sequential(nn.Linear(8, 5)))
    for network in (transposed, dense):
        network.train()
        network(random(50, 6))  # gives BatchNorm its statistics
        rewritten = fast_equal(network.eval(), random(7, 6))
        assert not any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in rewritten.modules())
        torch.testing.assert_close(rewritten(random(7, 6)), network(random(7, 6)), rtol=1e-5, atol=1e-5)


def test_what_is_not_recognised_is_frozen_and_the_original_untouched() -> None:
    class Other(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout())

        def forward(self, z: Tensor) -> Tensor:
            values: Tensor = self.inner(z)
            return values

    network = Other()
    rewritten = fast_equal(network, random(2, 3))
    assert not rewritten.training
    assert not any(parameter.requires_grad for parameter in rewritten.parameters())
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())
    torch.testing.assert_close(rewritten(random(2, 3)), network.eval()(random(2, 3)))
