"""Arrays as pages: every shape and type of pixels, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ocr_doc.core.errors import InputEmptyError, InputTooLargeError, NoPagesError, UsageError
from ocr_doc.sources import InputOptions, PageImage, read_pages


def only(array: NDArray[np.generic]) -> PageImage:
    (page,) = read_pages(array)
    assert (page.number, page.pixels.dtype, page.pixels.ndim, page.pixels.shape[2]) == (1, np.uint8, 3, 3)
    assert page.pixels.flags.c_contiguous
    return page


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "bool", "uint16", "float16", "float32", "float64"])
def test_arrays_of_every_shape_and_type(shape: tuple[int, ...], dtype: str) -> None:
    top = {"uint8": 255, "uint16": 65535}.get(dtype, 1)
    array = np.zeros(shape, dtype)
    array[:, 3:] = top
    if shape[-1] == 4:
        array[:, :, 3] = top
    page = only(array)
    assert page.pixels.shape == (5, 7, 3)
    assert page.pixels[:, :3].max() == 0
    assert page.pixels[:, 3:].min() == 255


def test_an_rgb_array_is_taken_as_it_is_and_never_changed() -> None:
    array = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    kept = array.copy()
    assert only(array).pixels is array
    assert (array == kept).all()
    turned = array[:, ::-1].transpose(1, 0, 2)
    assert (only(turned).pixels == turned).all()
    assert (only(array[:, :, ::-1]).pixels == array[:, :, ::-1]).all()
    floats = np.full((4, 4), np.float32(0.5))
    assert (only(floats).pixels == 128).all()
    assert (floats == 0.5).all()


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(9, np.uint8),
        np.zeros((2, 3, 2), np.uint8),
        np.zeros((1, 3, 8, 8), np.uint8),
        np.zeros((3, 40, 40), np.uint8),
        np.zeros((4, 4), np.int64),
        np.full((4, 4), 200.0),
        np.full((4, 4), np.nan),
        np.full((4, 4), -0.1),
        np.array([["a", "b"]]),
        np.array([[None]]),
    ],
)
def test_other_arrays_are_usage_errors(array: NDArray[np.generic]) -> None:
    with pytest.raises(UsageError, match=r"<array>: (shape|type) .* Pass "):
        list(read_pages(array))


def test_empty_arrays_and_page_ranges_of_arrays() -> None:
    with pytest.raises(InputEmptyError):
        list(read_pages(np.zeros((0, 5), np.uint8)))
    with pytest.raises(NoPagesError):
        list(read_pages(np.zeros((5, 5), np.uint8), InputOptions(pages="2-")))
    with pytest.raises(InputTooLargeError):
        list(read_pages(np.zeros((50, 50), np.uint8), InputOptions(max_pixels=2499)))
