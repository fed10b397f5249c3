"""Networks as values: what the layers are, before there are any tensors.

A network described here is built by `raysweep.models.networks` and costed by `raysweep.run --plan`. Both read the
same description, so the parameters and operations that a plan states are those of the model that is trained. No torch.

Images are square. `size` is always the height and width of a layer's *input*, in pixels.
"""

from dataclasses import dataclass
from typing import Literal

Activation = Literal["none", "relu", "leaky_relu", "tanh", "sigmoid"]


@dataclass(frozen=True)
class ImageShape:
    """Square images of `channels` × `size` × `size` pixels."""

    channels: int
    size: int

    @property
    def pixels(self) -> int:
        """Values in one image: channels × height × width."""
        return self.channels * self.size * self.size


@dataclass(frozen=True)
class Dense:
    """A fully connected layer, then BatchNorm if `norm`, then an activation.

    A bias is present where no BatchNorm follows, since BatchNorm would cancel it.
    """

    inputs: int
    outputs: int
    activation: Activation = "none"
    norm: bool = False

    @property
    def parameters(self) -> int:
        """Weights, and either biases or BatchNorm's gains and biases."""
        return (self.inputs + (2 if self.norm else 1)) * self.outputs

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of a forward pass of one image."""
        return self.inputs * self.outputs


@dataclass(frozen=True)
class Maxout:
    """A layer of maxout units: each is the largest of `pieces` affine functions of the inputs.

    Source: Goodfellow, Warde-Farley, Mirza, Courville and Bengio (2013), Maxout networks, Eq. 1.
    """

    inputs: int
    outputs: int
    pieces: int

    @property
    def parameters(self) -> int:
        """Weights and biases of every piece."""
        return (self.inputs + 1) * self.outputs * self.pieces

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of a forward pass of one image."""
        return self.inputs * self.outputs * self.pieces


@dataclass(frozen=True)
class Conv:
    """A convolution, or a transposed one, then BatchNorm if `norm`, then an activation.

    A bias is present where no BatchNorm follows, since BatchNorm would cancel it.
    """

    inputs: int
    outputs: int
    size: int
    kernel: int
    stride: int = 1
    padding: int = 0
    transposed: bool = False
    norm: bool = False
    activation: Activation = "none"

    @property
    def output_size(self) -> int:
        """Height and width of the output, in pixels."""
        if self.transposed:
            return (self.size - 1) * self.stride - 2 * self.padding + self.kernel
        return (self.size + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def parameters(self) -> int:
        """Weights, and either biases or BatchNorm's gains and biases."""
        return self.inputs * self.outputs * self.kernel**2 + (2 if self.norm else 1) * self.outputs

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of a forward pass of one image; padding counts as if it were pixels."""
        positions = self.size if self.transposed else self.output_size
        return self.inputs * self.outputs * self.kernel**2 * positions**2


@dataclass(frozen=True)
class Norm:
    """BatchNorm over channels, then an activation."""

    channels: int
    activation: Activation = "none"

    @property
    def parameters(self) -> int:
        """Gains and biases."""
        return 2 * self.channels

    @property
    def multiply_adds(self) -> int:
        """Not counted: it is folded into the layer before it at inference."""
        return 0


@dataclass(frozen=True)
class Fold:
    """A vector of channels · size² values becomes an image of `channels` × `size` × `size`."""

    channels: int
    size: int
    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Flatten:
    """An image becomes a vector."""

    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Upsample:
    """Resize ×2 by nearest neighbours."""

    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class MaxPool:
    """Maximum over windows of 2 × 2 pixels, stride 2."""

    parameters: int = 0
    multiply_adds: int = 0


@dataclass(frozen=True)
class Lookup:
    """A trained vector of `outputs` values for each of `rows` numbers."""

    rows: int
    outputs: int
    multiply_adds: int = 0

    @property
    def parameters(self) -> int:
        """Values of all vectors."""
        return self.rows * self.outputs


Layer = Dense | Maxout | Conv | Norm | Fold | Flatten | Upsample | MaxPool | Lookup


@dataclass(frozen=True)
class Network:
    """Layers in the order in which they are applied."""

    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Trained values, in all layers."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of a forward pass of one image, in all layers."""
        return sum(layer.multiply_adds for layer in self.layers)


def halvings(size: int) -> int:
    """How often a DCGAN halves an image of `size` pixels: down to 4 to 7 pixels.

    Raises:
        ValueError: the size is not 4, 5, 6 or 7 times a power of two.
    """
    count, rest = 0, size
    while rest > 7 and rest % 2 == 0:
        count, rest = count + 1, rest // 2
    if not 4 <= rest <= 7:
        sizes = sorted(start << times for start in range(4, 8) for times in range(size.bit_length()))
        near = [*[fit for fit in sizes if fit < size][-1:], *[fit for fit in sizes if fit > size][:1]]
        raise ValueError(
            f"images of {size} pixels cannot be halved to 4, 5, 6 or 7; resize them to {' or '.join(map(str, near))}"
        )
    return count


def dcgan_generator(latent_dim: int, shape: ImageShape, width: int) -> Network:
    """The generator of "Impact of the latent space", Table 1: resize, then convolve.

    A dense layer to the smallest image; at each doubling a nearest-neighbour resize and a 5 × 5 convolution that
    halves the channels, with BatchNorm and ReLU; a last convolution with tanh. `width` is the number of channels
    before that last one: 128 in the paper, so 64 × 64 images start from 2048 channels and 32 × 32 from 1024.

    Source: Pinetz, Soukup and Pock (2019), supplementary, Table 1. The paper does not say whether the dense layer's
    BatchNorm is over units or channels; here it is over channels, as in DCGAN.
    """
    doublings = halvings(shape.size)
    size = shape.size >> doublings
    channels = width << doublings
    layers: list[Layer] = [Dense(latent_dim, channels * size * size), Fold(channels, size), Norm(channels, "relu")]
    for _ in range(doublings):
        size *= 2
        layers += [Upsample(), Conv(channels, channels // 2, size, 5, padding=2, norm=True, activation="relu")]
        channels //= 2
    layers.append(Conv(channels, shape.channels, size, 5, padding=2, activation="tanh"))
    return Network(tuple(layers))


def dcgan_critic(shape: ImageShape, width: int, outputs: int) -> Network:
    """The critic of "Impact of the latent space", Table 1, with a head of `outputs` values: 1, or dim(z) as an encoder.

    At each halving a strided and a plain 5 × 5 convolution with LeakyReLU and no BatchNorm; channels start at
    2 · `width` (256 in the paper) and double.
    """
    layers: list[Layer] = []
    channels, size = shape.channels, shape.size
    for level in range(halvings(shape.size)):
        wider = width << (level + 1)
        layers.append(Conv(channels, wider, size, 5, stride=2, padding=2, activation="leaky_relu"))
        size = (size + 1) // 2
        layers.append(Conv(wider, wider, size, 5, padding=2, activation="leaky_relu"))
        channels = wider
    return Network((*layers, Flatten(), Dense(channels * size * size, outputs)))


def looser_encoder(shape: ImageShape, width: int, norm: bool = True) -> Network:
    """The convolutions of "Looser is Worse", Table 1: kernel 4, stride 2, BatchNorm, ReLU, channels from `width` up.

    Padding 1 takes 28 pixels to 14, 7, 3 and 1, and so to the 1,024 features that the text states ("SAME" padding,
    as the table has it, would give 4,096). Smaller images stop at one pixel. The heads for mean and log-variance are
    not part of it.

    Source: Manoj (2018), Section 4.2; `width` is 128 there.
    """
    layers: list[Layer] = []
    channels, size = shape.channels, shape.size
    for level in range(4):
        if size < 2:
            break
        wider = width << level
        layers.append(Conv(channels, wider, size, 4, stride=2, padding=1, norm=norm, activation="relu"))
        channels, size = wider, size // 2
    return Network((*layers, Flatten()))


def features(encoder: Network) -> int:
    """Length of the vector that a convolutional `encoder` without a head gives."""
    last = [layer for layer in encoder.layers if isinstance(layer, Conv)][-1]
    return last.outputs * last.output_size**2


def looser_decoder(latent_dim: int, shape: ImageShape, width: int) -> Network:
    """The decoder of "Looser is Worse", Table 2: dense to 2 · `width` × size/4 × size/4, two transposed convolutions.

    Source: Manoj (2018), Section 4.2; `width` is 128 there. The activation of the dense layer is not stated: ReLU.

    Raises:
        ValueError: the image's size is not a multiple of 4.
    """
    if shape.size % 4:
        raise ValueError(f"images of {shape.size} pixels: this decoder needs a multiple of 4; resize them")
    size = shape.size // 4
    return Network(
        (
            Dense(latent_dim, 2 * width * size * size, "relu"),
            Fold(2 * width, size),
            Conv(2 * width, width, size, 4, stride=2, padding=1, transposed=True, norm=True, activation="relu"),
            Conv(width, shape.channels, 2 * size, 4, stride=2, padding=1, transposed=True, activation="sigmoid"),
        )
    )


def mlp_encoder(shape: ImageShape, hidden: int) -> Network:
    """The body of the encoder of PyTorch's VAE example: one hidden layer with ReLU (400 units there)."""
    return Network((Flatten(), Dense(shape.pixels, hidden, "relu")))


def mlp_decoder(latent_dim: int, shape: ImageShape, hidden: int) -> Network:
    """The decoder of PyTorch's VAE example: one hidden layer with ReLU, sigmoid pixels."""
    return Network(
        (
            Dense(latent_dim, hidden, "relu"),
            Dense(hidden, shape.pixels, "sigmoid"),
            Fold(shape.channels, shape.size),
        )
    )


def mlp_generator(latent_dim: int, shape: ImageShape, width: int) -> Network:
    """The generator of PacGAN's 2D-Grid: four hidden layers of `width` units (400 there), BatchNorm and ReLU.

    The outputs of points, images of one pixel, are linear, as there; those of larger images pass a tanh.

    Source: Lin, Khetan, Fanti and Oh (2018), in the numbers of the authors' code (github.com/fjxmlzn/PacGAN).
    """
    hidden = [Dense(inputs, width, "relu", norm=True) for inputs in (latent_dim, width, width, width)]
    last = Dense(width, shape.pixels, "none" if shape.size == 1 else "tanh")
    return Network((*hidden, last, Fold(shape.channels, shape.size)))


def mlp_critic(shape: ImageShape, width: int) -> Network:
    """The discriminator of PacGAN's 2D-Grid: three layers of maxout units with five pieces, then one linear output.

    There are half as many units as the generator's `width`: 200 there. It has no BatchNorm.

    Source: as for `mlp_generator`.
    """
    units, pieces = width // 2, 5
    hidden = [Maxout(inputs, units, pieces) for inputs in (shape.pixels, units, units)]
    return Network((Flatten(), *hidden, Dense(units, 1)))


def lenet_features(shape: ImageShape) -> Network:
    """LeNet-5's layers up to its 84 features, with ReLU and maximum pooling.

    5 × 5 convolutions with 6 and 16 channels and padding 2, so images from 8 pixels up can be classified; each is
    followed by 2 × 2 pooling; then dense layers of 120 and 84.

    Source: LeCun, Bottou, Bengio and Haffner (1998). They used sigmoidal units and trained subsampling.
    """
    half, quarter = shape.size // 2, shape.size // 4
    return Network(
        (
            Conv(shape.channels, 6, shape.size, 5, padding=2, activation="relu"),
            MaxPool(),
            Conv(6, 16, half, 5, padding=2, activation="relu"),
            MaxPool(),
            Flatten(),
            Dense(16 * quarter * quarter, 120, "relu"),
            Dense(120, 84, "relu"),
        )
    )
