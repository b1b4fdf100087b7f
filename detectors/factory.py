"""A configuration's network."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from ocr_doc.core.errors import WeightsError
from ocr_doc.detectors.craft_vgg import CraftVgg
from ocr_doc.detectors.network import CraftLight, CraftLightConfig


def build_detector(config: Mapping[str, object]) -> nn.Module:
    """Builds the untrained network that a checkpoint's or the manifest's configuration describes.

    Args:
        config: Plain values; "architecture" is "craft-light" or "craft-vgg16".

    Raises:
        WeightsError: If there is no such architecture or its values make no sense.
    """
    architecture = config.get("architecture")
    if architecture == "craft-vgg16":
        return CraftVgg()
    try:
        return CraftLight(CraftLightConfig.from_dict(config))
    except (ValueError, TypeError) as error:
        raise WeightsError(f"no detector can be built: {error}.", "Use the weights that ship with ocr-doc.") from error
