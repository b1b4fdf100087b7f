"""The light network: shape, cost, reach, configuration."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from ocr_doc.detectors.network import CraftLight, CraftLightConfig, multiply_adds  # noqa: E402

_TINY = CraftLightConfig(channels=(4, 4, 8, 8, 8), blocks=(0, 1, 0, 1, 0))


def test_scores_come_at_half_size_and_between_0_and_1() -> None:
    network = CraftLight(_TINY).eval()
    with torch.inference_mode():
        scores = network(torch.rand(2, 3, 64, 96))
        logits = network.logits(torch.zeros(1, 3, 32, 32))
    assert scores.shape == (2, 2, 32, 48)
    assert 0.0 <= scores.min() <= scores.max() <= 1.0
    assert logits.shape == (1, 2, 16, 16)


def test_the_cost_is_within_the_budget() -> None:
    per_megapixel = multiply_adds(CraftLight(), 512, 512) / (512 * 512) / 1000
    assert 5.0 < per_megapixel < 7.0


def test_one_pixel_reaches_far() -> None:
    """Words are tied over their whole length: a point's score hangs on pixels more than 100 away."""
    network = CraftLight().eval()
    with torch.no_grad():
        for module in network.modules():  # all weights positive, so that nothing cancels out
            if isinstance(module, torch.nn.Conv2d):
                module.weight.abs_()
    pixels = torch.full((1, 3, 512, 512), 0.75, requires_grad=True)
    network.logits(pixels)[0, 0, 128, 128].backward()
    assert pixels.grad is not None
    reached = torch.nonzero(pixels.grad[0, 0].abs().sum(dim=0)).flatten()
    assert reached.min() < 256 - 100
    assert reached.max() > 256 + 100


def test_a_configuration_survives_json() -> None:
    config = CraftLightConfig.from_dict(json.loads(json.dumps(_TINY.to_dict())))
    assert config == _TINY
    CraftLight(config).load_state_dict(CraftLight(_TINY).state_dict())
    with pytest.raises(ValueError, match="craft-light"):
        CraftLightConfig.from_dict({"architecture": "craft-vgg16"})
    with pytest.raises(ValueError, match="five levels"):
        CraftLightConfig.from_dict({"channels": [1, 2]})
    with pytest.raises(ValueError, match="stride"):
        CraftLightConfig.from_dict({"finest": 3})


def test_scores_found_at_stride_four_are_of_the_same_size_for_less_arithmetic() -> None:
    coarse = CraftLight(replace(_TINY, finest=4))
    assert coarse(torch.rand(1, 3, 64, 96)).shape == CraftLight(_TINY)(torch.rand(1, 3, 64, 96)).shape == (1, 2, 32, 48)
    assert multiply_adds(coarse, 64, 96) < 0.8 * multiply_adds(CraftLight(_TINY), 64, 96)
