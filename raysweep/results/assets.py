"""Results that are computed once for a whole study: statistics of its data set, and how much of a GPU its work
takes.
"""

from collections.abc import Mapping
from typing import Any, BinaryIO

from raysweep.results.documents import Documents
from raysweep.results.files import Writer
from raysweep.results.names import FAILURE, GPU_MEMORY, asset_file


class AssetFiles:
    """The files of results that are computed once."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self.folder = documents.folder

    def has(self, name: str) -> bool:
        """Whether an asset exists."""
        return self.folder.exists(asset_file(name))

    def open(self, name: str) -> BinaryIO:
        """Opens an asset for reading."""
        return self.folder.open(asset_file(name))

    def save(self, name: str, write: Writer) -> None:
        """Writes an asset, whole."""
        self.folder.write(asset_file(name), write)
        self.folder.delete(asset_file(name, FAILURE))

    def fail(self, name: str, reason: str) -> None:
        """Records why an asset could not be computed. A later run tries it again."""
        self.documents.write_reason(asset_file(name, FAILURE), reason)

    def failure(self, name: str) -> str | None:
        """Why the asset could not be computed, or None."""
        return self.documents.read_reason(asset_file(name, FAILURE))

    def save_memory(self, needs: Mapping[str, object]) -> None:
        """Writes the measured needs of work on a GPU; see `raysweep.execution.cluster.packing`."""
        self.documents.write_json(asset_file(GPU_MEMORY), needs)

    def load_memory(self) -> dict[str, Any]:
        """The needs that `save_memory` wrote; empty if nothing was measured."""
        return self.documents.read_json(asset_file(GPU_MEMORY)) or {}
