"""`raysweep cifar10 --reduced` on CIFAR-10 as JPEG files: `cifar10-jpg/{train,test}/<class>/` in the data folder.

JPEG is lossy, so pixels differ slightly from the official archive's, and no published number stands beside these.
"""

from raysweep.study import ImageFolder
from search_spaces.cifar10 import REDUCED

STUDY = REDUCED.model_copy(
    update={
        "name": "cifar10_jpeg_reduced",
        "title": "Latent dimension on CIFAR-10 (JPEG copy), reduced",
        "data": ImageFolder(path="cifar10-jpg/train", validation_path="cifar10-jpg/test", size=32, limit=5_000),
    }
)
