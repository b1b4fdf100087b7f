"""Synthetic pages: truth and picture must agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr_doc.core.geometry import quad_size
from ocr_doc.training import degrade
from ocr_doc.training import page_text as say
from ocr_doc.training.faces import Face, default_face, find_faces, pick_face
from ocr_doc.training.page_canvas import Canvas, PageWord, Pen, word_of
from ocr_doc.training.page_desk import Column, Desk, fitting
from ocr_doc.training.pages import LAYOUTS, PageConfig, SyntheticPage, render_page

FACES = (default_face(),)


def page(layout: str, seed: int, **options: object) -> SyntheticPage:
    config = PageConfig(size=(420, 360), layouts={layout: 1.0}, **options)  # type: ignore[arg-type]
    return render_page(np.random.default_rng(seed), FACES, config)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_gives_quads_inside_the_page_one_per_character(layout: str) -> None:
    words = 0
    for seed in range(3):
        drawn = page(layout, seed)
        assert drawn.image.shape == (360, 420, 3)
        assert drawn.image.dtype == np.uint8
        for word in drawn.words:
            assert word.text
            assert " " not in word.text
            assert word.characters.shape == (len(word.text), 4, 2)
            for quads in (word.characters, word.quad):
                assert quads.dtype == np.float32
                assert (quads >= 0).all()
                assert (quads <= (420, 360)).all()
        words += len(drawn.words)
    assert (words == 0) == (layout == "blank")


def test_the_same_seed_gives_the_same_page_and_another_another() -> None:
    config = PageConfig(size=(300, 300))
    one, same, other = (render_page(np.random.default_rng(s), FACES, config) for s in (5, 5, 6))
    assert (one.image == same.image).all()
    assert [w.text for w in one.words] == [w.text for w in same.words]
    assert one.image.tobytes() != other.image.tobytes()


def test_sides_lie_in_the_range_asked_for() -> None:
    for seed in range(4):
        drawn = render_page(np.random.default_rng(seed), FACES, PageConfig(sides=(64, 128)))
        assert 64 <= min(drawn.image.shape[:2]) <= max(drawn.image.shape[:2]) <= 128


def test_a_clean_letter_has_all_its_ink_in_word_quads_and_tightly() -> None:
    pen = Pen(FACES[0], 22.0)
    desk = Desk(Canvas(500, 300), np.random.default_rng(0), FACES, 22.0)
    Column(desk, pen, 20, 480, 40, 30, (0, 0, 0)).paragraph(
        ["Straight", "words,", "(all)", "of", "them:", "gypsum", "1,234.50", "-x-", "jqpy."]
    )
    ink = desk.canvas.art[..., 0] < 160
    assert ink.sum() > 500
    outside = ink.copy()
    for word in desk.canvas.words:
        x0, y0 = word.quad[0].astype(int)
        x1, y1 = np.ceil(word.quad[2]).astype(int)
        inside = ink[y0:y1, x0:x1]
        rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
        # About one pixel of air on each side, no more than two.
        assert rows[0] <= 2 and columns[0] <= 2
        assert inside.shape[0] - 1 - rows[-1] <= 2 and inside.shape[1] - 1 - columns[-1] <= 2
        outside[y0:y1, x0:x1] = False
    assert not outside.any()


def test_characters_share_the_words_height_and_stand_side_by_side() -> None:
    canvas = Canvas(300, 60)
    canvas.write(Pen(FACES[0], 24.0), 10, 40, "a,b.gT")
    (word,) = canvas.words
    assert word.text == "a,b.gT"
    assert np.ptp(word.characters[:, :2, 1]) == 0
    assert np.ptp(word.characters[:, 2:, 1]) == 0
    assert (word.characters[1:, 0, 0] == word.characters[:-1, 1, 0]).all()
    assert (word.characters[:, 1, 0] > word.characters[:, 0, 0]).all()


def test_runs_of_rule_characters_are_drawn_but_are_no_words() -> None:
    canvas = Canvas(600, 60)
    canvas.write(Pen(FACES[0], 20.0), 5, 40, "---------- Total ====== 5.00 ******** -- ....")
    assert [w.text for w in canvas.words] == ["Total", "5.00", "--"]
    assert (canvas.art[20:45, 5:60] < 128).any()


@pytest.mark.parametrize("technique", ["plain", "thermal", "dots"])
def test_each_technique_keeps_the_size_of_the_text(technique: str) -> None:
    canvas = Canvas(400, 120)
    canvas.write(Pen(FACES[0], 40.0, technique=technique, rows=16), 10, 80, "HHHH")  # type: ignore[arg-type]
    height = quad_size(canvas.words[0].quad)[1]
    assert 24 <= height <= 36


def test_turned_text_has_turned_quads_over_its_ink() -> None:
    canvas = Canvas(200, 200)
    canvas.write_turned(Pen(FACES[0], 24.0), (100, 100), 90, ["HELLO"])
    (word,) = canvas.words
    left, right = word.quad[0], word.quad[1]
    # Turned clockwise, the text runs downwards and its top looks right.
    assert right[1] - left[1] > 30
    assert word.quad[0, 0] > word.quad[3, 0]
    rows, columns = np.nonzero(canvas.art[..., 0] < 128)
    assert word.quad[:, 0].min() <= columns.min() and columns.max() <= word.quad[:, 0].max()
    assert word.quad[:, 1].min() <= rows.min() and rows.max() <= word.quad[:, 1].max()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_warp_moves_a_spot_to_where_it_moves_its_quad(seed: int) -> None:
    rng = np.random.default_rng(seed)
    spot = (140 + int(rng.integers(-40, 40)), 120 + int(rng.integers(-40, 40)))
    image = np.full((240, 280, 3), 255, np.uint8)
    image[spot[1] - 3 : spot[1] + 4, spot[0] - 3 : spot[0] + 4] = 0
    corners = np.array([[-4, -4], [4, -4], [4, 4], [-4, 4]], np.float32) + np.array(spot, np.float32)
    warp = degrade.random_warp(rng, 280, 240)
    moved = warp.move(word_of("x", corners[None]), 280)
    picture = warp.apply(image, np.full_like(image, 255))
    weight = 255.0 - picture[..., 0]
    ys, xs = np.mgrid[:240, :280]
    centre = np.array([(xs * weight).sum(), (ys * weight).sum()]) / weight.sum()
    assert np.abs(centre - moved.quad.mean(0)).max() < 1.0


def test_the_ground_shows_only_where_the_page_has_left() -> None:
    image, ground = np.full((50, 50, 3), 200, np.uint8), np.full((50, 50, 3), 30, np.uint8)
    matrix = np.array([[1.0, 0, 20], [0, 1, 0], [0, 0, 1]])
    moved = degrade.Warp(matrix).apply(image, ground)
    assert (moved[:, :19] == 30).all()
    assert (moved[:, 21:] == 200).all()


def test_words_cut_by_the_edge_keep_their_visible_characters() -> None:
    from ocr_doc.training.pages import _visible

    edges = np.arange(6, dtype=np.float32) * 10 - 20
    cells = np.stack([[(a, 5), (a + 10, 5), (a + 10, 25), (a, 25)] for a in edges[:-1]]).astype(np.float32)
    (kept,) = _visible([word_of("abcde", cells)], 100, 100)
    assert kept.text == "cde"
    assert kept.quad[0].tolist() == [0, 5]
    assert _visible([word_of("abcde", cells - 200)], 100, 100) == []


def test_degradations_leave_the_shape_and_one_bit_is_two_values() -> None:
    rng = np.random.default_rng(1)
    image = np.full((80, 90, 3), 230, np.uint8)
    image[20:40, 20:60] = 10
    for step in (
        lambda i: degrade.wear_ink(rng, i),
        lambda i: degrade.show_through(rng, i),
        lambda i: degrade.lay_on_paper(rng, i, photo=True),
        lambda i: degrade.through_camera(rng, i, smallest=20.0),
        lambda i: degrade.to_one_bit(rng, i),
    ):
        out = step(image)
        assert out.shape == image.shape
        assert out.dtype == np.uint8
    bits = degrade.to_one_bit(rng, image)
    assert set(np.unique(bits)) <= {0, 255}
    assert bits[30, 40].max() == 0


@pytest.mark.parametrize("layouts", [{}, {"receipt": 0.0}, {"novel": 1.0}])
def test_layouts_without_sense_are_refused(layouts: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="layouts"):
        PageConfig(layouts=layouts)


def test_text_is_fitted_to_what_a_face_can_draw() -> None:
    capitals = Face("x", 0, "display", characters=frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
    assert capitals.fit("Größe é1 €") == "GROE E1 "
    assert fitting(Pen(FACES[0], 20.0), "one two three", 75.0) in ("one", "one two")


def test_a_folder_without_fonts_gives_the_face_that_pillow_carries(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font at all")
    assert find_faces([tmp_path]) == [default_face()]


def test_found_faces_draw_latin_text_and_survive_the_cache(tmp_path: Path) -> None:
    import PIL

    bundled = list(Path(PIL.__file__).parent.rglob("*.ttf"))
    folders = [p.parent for p in bundled] or [Path("/usr/share/fonts/truetype/dejavu")]
    cache_file = tmp_path / "faces.json"
    faces = find_faces(folders, cache_file)
    assert find_faces(folders, cache_file) == faces
    for face in faces:
        assert face.characters >= set("ABCXYZ0189")
        assert 0.4 < face.cap_height < 1.1


def test_faces_are_picked_by_kind() -> None:
    faces = (Face("a", 0, "mono", "M"), Face("b", 0, "sans", "S"), Face("c-italic", 0, "sans", "S"))
    rng = np.random.default_rng(0)
    assert {pick_face(rng, faces, {"mono": 1.0}).path for _ in range(20)} == {"a"}
    paths = [pick_face(rng, faces, {"sans": 1.0, "hand": 5.0}).path for _ in range(200)]
    assert 0 < paths.count("c-italic") < 60


@pytest.mark.parametrize(
    "make",
    [say.amount, say.date, say.time, say.code, say.phone, say.serial, say.company, say.email, say.item, say.sign],
)
def test_texts_are_never_empty(make: object) -> None:
    rng = np.random.default_rng(3)
    assert all(make(rng).strip() for _ in range(50))  # type: ignore[operator]


def test_word_of_spans_first_to_last_character() -> None:
    cells = np.array([[[0, 0], [5, 0], [5, 9], [0, 9]], [[5, 1], [9, 1], [9, 10], [5, 10]]], np.float32)
    word = word_of("ab", cells)
    assert isinstance(word, PageWord)
    assert word.quad.tolist() == [[0, 0], [9, 1], [9, 10], [0, 9]]
