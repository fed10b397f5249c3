"""Built networks are those of the papers' tables: counted by hand, by description, and by torch."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from raysweep.models.networks import build, build_all, gather_statistics
from raysweep.study import architecture
from raysweep.study.architecture import Conv, Dense, Flatten, ImageShape, Maxout, Network

CIFAR10, CELEBA, MNIST, POINTS = ImageShape(3, 32), ImageShape(3, 64), ImageShape(1, 28), ImageShape(2, 1)
CPU = torch.device("cpu")

# "Impact of the latent space", Table 1: weights, and biases or BatchNorm's gains and biases, of the 5 × 5 convolutions.
GENERATOR_CIFAR10 = 2_048 + 13_108_224 + 3_277_312 + 819_456 + 9_603  # BN of 1024; to 512; 256; 128; 3
GENERATOR_CELEBA = 4_096 + 52_430_848 + 13_108_224 + 3_277_312 + 819_456 + 9_603  # BN of 2048; to 1024; ...
CRITIC_CIFAR10 = 19_456 + 1_638_656 + 3_277_312 + 6_554_112 + 13_108_224 + 26_215_424  # 256, 256, 512, 512, 1024, 1024
CRITIC_CELEBA = CRITIC_CIFAR10 + 52_430_848 + 104_859_648  # and 2048, 2048

PAPERS = {
    # A dense layer to 4 × 4 × 1024 = 16,384 (CIFAR-10) or 4 × 4 × 2048 = 32,768 (CelebA) has (d + 1) times as many.
    "generator, CIFAR-10, d = 100": (
        architecture.dcgan_generator(100, CIFAR10, 128),
        101 * 16_384 + GENERATOR_CIFAR10,
        18_871_427,
    ),
    "generator, CelebA, d = 500": (
        architecture.dcgan_generator(500, CELEBA, 128),
        501 * 32_768 + GENERATOR_CELEBA,
        86_066_307,
    ),
    "critic, CIFAR-10": (architecture.dcgan_critic(CIFAR10, 128, 1), CRITIC_CIFAR10 + 16_385, 50_829_569),
    "critic, CelebA": (architecture.dcgan_critic(CELEBA, 128, 1), CRITIC_CELEBA + 32_769, 208_136_449),
    # The autoencoder's encoder: the critic with d outputs.
    "encoder, CIFAR-10, d = 100": (
        architecture.dcgan_critic(CIFAR10, 128, 100),
        CRITIC_CIFAR10 + 100 * 16_385,
        52_451_684,
    ),
    "encoder, CelebA, d = 5000": (
        architecture.dcgan_critic(CELEBA, 128, 5_000),
        CRITIC_CELEBA + 5_000 * 32_769,
        371_948_680,
    ),
    # "Looser is Worse", Tables 1 and 2: 4 × 4 kernels without bias, BatchNorm; dense layers to 12,544 = 256 × 7 × 7.
    "encoder, Looser is Worse": (
        architecture.looser_encoder(MNIST, 128),
        (2_048 + 256) + (524_288 + 512) + (2_097_152 + 1_024) + (8_388_608 + 2_048),
        11_015_936,
    ),
    "head, Looser is Worse, d = 10": (Network((Dense(1_024, 10),)), 1_025 * 10, 10_250),
    "decoder, Looser is Worse, d = 10": (
        architecture.looser_decoder(10, MNIST, 128),
        11 * 12_544 + (524_288 + 256) + (2_048 + 1),
        664_577,
    ),
    # PyTorch's example: 784 – 400 – 20 and back.
    "decoder, PyTorch's example": (architecture.mlp_decoder(20, MNIST, 400), 21 * 400 + 401 * 784, 322_784),
    # PacGAN's 2D-Grid: 2 - 400 - 400 - 400 - 400 - 2, BatchNorm, no biases but the last; 200 maxout units of 5 pieces.
    "generator, 2D-Grid": (
        architecture.mlp_generator(2, POINTS, 400),
        (2 * 400 + 800) + 3 * (160_000 + 800) + 401 * 2,
        484_802,
    ),
    "critic, 2D-Grid, packing 4": (
        architecture.mlp_critic(ImageShape(8, 1), 400),
        9 * 1_000 + 2 * 201 * 1_000 + 201,
        411_201,
    ),
}


def on_meta(network: Network) -> nn.Sequential:
    """Built without memory, so that the papers' sizes take no time."""
    with torch.device("meta"):
        return build(network, torch.Generator("cpu"))


def count(modules: nn.Module) -> int:
    return sum(parameter.numel() for parameter in modules.parameters())


def an_input(name: str, network: Network) -> Tensor:
    """One image, or one vector, on the meta device."""
    first = network.layers[0]
    if isinstance(first, Dense):
        return torch.empty(1, first.inputs, device="meta")
    if isinstance(first, Flatten):
        flat = network.layers[1]
        assert isinstance(flat, Maxout)
        return torch.empty(1, flat.inputs, 1, 1, device="meta")
    assert isinstance(first, Conv), name
    return torch.empty(1, first.inputs, first.size, first.size, device="meta")


@pytest.mark.parametrize("name", PAPERS)
def test_parameters_are_those_worked_out_by_hand(name: str) -> None:
    network, by_layer, total = PAPERS[name]
    assert by_layer == total
    assert network.parameters == total
    assert count(on_meta(network)) == total


@pytest.mark.parametrize("name", PAPERS)
def test_multiply_adds_are_those_that_torch_counts(name: str) -> None:
    network = PAPERS[name][0]
    modules = on_meta(network).eval()  # BatchNorm cannot be trained on one value
    with FlopCounterMode(display=False) as counter:
        modules(an_input(name, network))
    assert 2 * network.multiply_adds == counter.get_total_flops()


def test_points_are_generated_unbounded_and_judged() -> None:
    generator = build(architecture.mlp_generator(2, POINTS, 8), torch.Generator().manual_seed(0)).eval()
    points = generator(100 * torch.randn(50, 2, generator=torch.Generator().manual_seed(1))).detach()
    assert points.shape == (50, 2, 1, 1)
    assert float(points.abs().max()) > 1
    assert on_meta(architecture.mlp_critic(POINTS, 8))(points.to("meta")).shape == (50, 1)


@pytest.mark.parametrize("shape", [ImageShape(1, 8), MNIST, CIFAR10, CELEBA])
def test_generators_give_images_and_encoders_take_them(shape: ImageShape) -> None:
    images = torch.empty(2, shape.channels, shape.size, shape.size, device="meta")
    z = torch.empty(2, 5, device="meta")
    for generator in (
        architecture.dcgan_generator(5, shape, 8),
        architecture.looser_decoder(5, shape, 8),
        architecture.mlp_decoder(5, shape, 8),
        architecture.mlp_generator(5, shape, 8),
    ):
        assert on_meta(generator)(z).shape == images.shape
    assert on_meta(architecture.dcgan_critic(shape, 8, 5))(images).shape == (2, 5)
    encoder = architecture.looser_encoder(shape, 8)
    assert on_meta(encoder)(images).shape == (2, architecture.features(encoder))
    assert on_meta(architecture.lenet_features(shape))(images).shape == (2, 84)


def test_layers_compute_what_they_are_named_after() -> None:
    leaky = build(Network((Dense(1, 1, "leaky_relu"),)), torch.Generator())
    leaky[0].weight.data.fill_(1.0)
    assert leaky(torch.tensor([[-1.0], [2.0]])).flatten().tolist() == pytest.approx([-0.2, 2.0])
    maxout = build(Network((Maxout(1, 2, 3),)), torch.Generator())
    maxout[0].weight.data = torch.tensor([[1.0], [-1.0], [0.0], [2.0], [0.0], [-3.0]])  # |x|, and 2x or -3x
    assert maxout(torch.tensor([[2.0], [-2.0]])).tolist() == [[2.0, 4.0], [2.0, 6.0]]
    fold_and_resize = build(Network((architecture.Fold(2, 2), architecture.Upsample())), torch.Generator())
    channel = fold_and_resize(torch.arange(8.0)[None])[0, 1]
    assert channel.tolist() == [[4, 4, 5, 5], [4, 4, 5, 5], [6, 6, 7, 7], [6, 6, 7, 7]]
    pool = build(Network((architecture.MaxPool(), architecture.Flatten())), torch.Generator())
    assert pool(torch.arange(16.0).reshape(1, 1, 4, 4)).tolist() == [[5, 7, 13, 15]]


def test_the_critic_has_no_batch_norm_and_only_it_has_none() -> None:
    def norms(network: Network) -> int:
        return sum(isinstance(module, nn.BatchNorm2d) for module in on_meta(network))

    assert norms(architecture.dcgan_critic(CELEBA, 8, 1)) == 0
    assert norms(architecture.dcgan_generator(5, CELEBA, 8)) == 5
    assert norms(architecture.looser_encoder(MNIST, 8)) == 4
    assert norms(architecture.looser_encoder(MNIST, 8, norm=False)) == 0
    assert norms(architecture.looser_decoder(5, MNIST, 8)) == 1


@pytest.mark.parametrize(
    ("layer", "fans"),
    [
        (Dense(300, 200), 300 + 200),
        (Conv(30, 60, 8, 5, padding=2), 25 * (30 + 60)),
        (Conv(60, 30, 8, 4, stride=2, padding=1, transposed=True), 16 * (30 + 60)),
    ],
)
def test_weights_are_glorot_uniform(layer: Dense | Conv, fans: int) -> None:
    module = build(Network((layer,)), torch.Generator().manual_seed(1))[0]
    weight, bound = module.weight.detach(), math.sqrt(6 / fans)
    assert float(weight.abs().max()) <= bound
    assert float(weight.max()) > 0.999 * bound
    assert float(weight.min()) < -0.999 * bound
    assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.01)
    assert float(weight.mean()) == pytest.approx(0, abs=0.01 * bound)
    assert bool((module.bias == 0).all())


def test_batch_norm_starts_as_the_identity() -> None:
    norm = build(Network((architecture.Norm(3),)), torch.Generator())[0]
    assert norm.weight.tolist() == [1, 1, 1]
    assert norm.bias.tolist() == [0, 0, 0]


def test_gathered_statistics_are_those_of_all_batches() -> None:
    """The mean of the batches' means and of their (unbiased) variances; what was there before is forgotten."""
    for layer, shape in ((Dense(3, 4, norm=True), (6, 3)), (Conv(3, 4, 2, 1, norm=True), (6, 3, 2, 2))):
        network = build(Network((layer,)), torch.Generator().manual_seed(0))
        network(torch.randn(shape))
        stream = torch.Generator().manual_seed(1)
        batches = [torch.randn(shape, generator=stream) + step for step in range(5)]
        gather_statistics(network, batches)
        values = torch.stack([network[0](batch).transpose(0, 1).flatten(1) for batch in batches]).detach()
        torch.testing.assert_close(network[1].running_mean, values.mean(dim=2).mean(dim=0))
        torch.testing.assert_close(network[1].running_var, values.var(dim=2).mean(dim=0))
        assert network[1].momentum == 0.1


def test_initialisation_depends_on_seed_and_name_alone() -> None:
    networks = {"one": Network((Dense(3, 3),)), "other": Network((Dense(3, 3),))}
    torch.manual_seed(1)
    first = build_all(networks, 0, CPU).state_dict()
    torch.manual_seed(2)
    again = build_all({"other": networks["other"], "one": networks["one"]}, 0, CPU).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["one.0.weight"], first["other.0.weight"])
    assert not torch.equal(first["one.0.weight"], build_all(networks, 1, CPU).state_dict()["one.0.weight"])
