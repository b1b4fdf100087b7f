from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr_doc.core.errors import UsageError
from ocr_doc.page_range import PageRange


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("1-3,7", [1, 2, 3, 7]),
        ("7", [7]),
        ("8-", [8, 9, 10]),
        ("-2", [1, 2]),
        (" 2 - 3 , 1 ", [1, 2, 3]),
        ("3,1-4,3", [1, 2, 3, 4]),
        ("9-999999999", [9, 10]),
        ("11", []),
    ],
)
def test_range_selects_pages_in_order_and_once(text: str, pages: list[int]) -> None:
    assert PageRange.parse(text).select(10) == pages


@pytest.mark.parametrize("text", ["", " ", "-", "0", "0-3", "3-1", "1,,2", "1-2-3", "a", "1;2", "1.5", "٣", "1" * 5000])
def test_bad_range_is_a_usage_error_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError, match="--pages 1-3,7"):
        PageRange.parse(text)


@given(st.lists(st.tuples(st.integers(1, 30), st.none() | st.integers(0, 10)), min_size=1, max_size=4))
def test_range_survives_being_written_and_knows_its_last_page(parts: list[tuple[int, int | None]]) -> None:
    spans = tuple((first, None if extra is None else first + extra) for first, extra in parts)
    wanted = PageRange.parse(str(PageRange(spans)))
    assert wanted.spans == spans
    if wanted.last is not None:
        assert wanted.select(50)[-1] == wanted.last
    else:
        assert 10**8 in wanted
