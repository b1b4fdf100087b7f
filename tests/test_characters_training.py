"""Training of the character classifier: drawn codes, real crops, new classes, weights that ocr-doc loads."""

from __future__ import annotations

import logging
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from ocr_doc.core.errors import InputBrokenError, InputMissingError
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.character_crops import SIDE
from ocr_doc.recognizer.characters import CharacterClassifier
from ocr_doc.recognizer.characters_network import CharacterNet, CharacterNetConfig
from ocr_doc.training.characters_data import ROW, CharacterStream, collated, shaken, strip_rows
from ocr_doc.training.characters_loop import CharactersTraining, train_characters
from ocr_doc.training.characters_real import Group, hold_out, read_class_folders
from ocr_doc.training.checkpoints import load_checkpoint
from ocr_doc.training.code_emblems import with_emblem
from ocr_doc.training.code_glyphs import draw_code, has_marked_zero, twins
from ocr_doc.training.code_strips import cut_row, photograph, photographed
from ocr_doc.training.code_text import random_code
from ocr_doc.training.code_words import cut_word, render_code
from ocr_doc.training.confusions import confusions
from ocr_doc.training.export import export_weights
from ocr_doc.training.faces import default_face, find_faces
from ocr_doc.training.schedule import Schedule
from ocr_doc.weights.engines import open_engine

FACES = (default_face(),)


def test_glyphs_stand_where_they_are_drawn() -> None:
    for seed in range(8):
        code = draw_code(np.random.default_rng(seed), "HE37", FACES)
        columns = np.flatnonzero((code.mask > 0.5).any(0))
        assert abs(columns[0] - code.glyphs[0].left) < 8
        assert abs(columns[-1] + 1 - code.glyphs[-1].right) < 8
        rows = np.flatnonzero((code.mask > 0.5).any(1))
        assert abs(rows[0] - code.top) < 6
        assert abs(rows[-1] + 1 - code.bottom) < 6


def test_what_a_face_draws_alike_is_one_class() -> None:
    face = default_face()
    for seed in range(6):
        drawn = draw_code(np.random.default_rng(seed), "0O1Il", FACES)
        assert not {g.text for g in drawn.glyphs} & twins(face)


def test_faces_with_a_marked_zero_are_known() -> None:
    faces = find_faces([Path(matplotlib.get_data_path()) / "fonts" / "ttf"])
    marked = {face.family for face in faces if has_marked_zero(face)}
    assert "DejaVu Sans Mono" in marked
    assert not {"DejaVu Sans", "DejaVu Serif"} & marked
    # Faces that tell the two rings apart draw both, the others one of them for both.
    drawn = [draw_code(np.random.default_rng(seed), "0O", tuple(faces)) for seed in range(12)]
    assert {"".join(g.text for g in code.glyphs) for code in drawn} > {"0O"}


def test_some_codes_have_rings_of_one_kind_alone() -> None:
    rng = np.random.default_rng(1)
    codes = [random_code(rng) for _ in range(400)]
    rings = [{c for c in code if c in "O0"} for code in codes]
    assert sum(each == {"O"} for each in rings) > 40
    assert sum(each == {"0"} for each in rings) > 40
    assert all(1 <= len(code) <= 14 for code in codes)


def test_strips_keep_their_characters() -> None:
    rng = np.random.default_rng(3)
    for photo in photograph(rng, FACES):
        strip = cut_row(photo, photo.top, photo.bottom)
        assert strip.pixels.shape[0] == SIDE
        assert 0.0 <= strip.pixels.min() <= strip.pixels.max() <= 1.0
        assert all(0 <= g.left < g.right <= strip.pixels.shape[1] for g in strip.glyphs)


def test_crops_have_labels_and_wrong_cuts_have_none() -> None:
    rng = np.random.default_rng(5)
    rows = [row for _ in range(12) for photo in photograph(rng, FACES) for row in strip_rows(rng, photo)]
    crops = [crop for row in rows for crop in row]
    assert 1 < max(map(len, rows)) <= ROW
    assert {crop.pixels.shape for crop in crops} == {(SIDE, SIDE)}
    assert 0.05 < np.mean([crop.text == "" for crop in crops]) < 0.6


def test_the_same_seed_draws_the_same() -> None:
    streams = [CharacterStream("0123456789", FACES, 8, 4) for _ in range(2)]
    drawn = [stream.drawn(np.random.default_rng(4), 20) for stream in streams]
    assert [[c.text for c in row] for row in drawn[0]] == [[c.text for c in row] for row in drawn[1]]
    np.testing.assert_array_equal(drawn[0][0][0].pixels, drawn[1][0][0].pixels)


def test_a_rows_characters_stay_together() -> None:
    crops = [np.full((SIDE, SIDE), shade, np.float32) for shade in (0.1, 0.5, 0.9)]
    batch = collated([[(crops[0], "1"), (crops[1], "")], [(crops[2], "0")]], {"": 0, "0": 1, "1": 2})
    assert batch.pixels[:, 0, 0, 0].tolist() == pytest.approx([0.1, 0.5, 0.9])
    assert (batch.classes.tolist(), batch.places.tolist()) == ([2, 0, 1], [0, 1, ROW])
    for seed in range(20):  # what is darker than its neighbour stays so, or all are turned over
        a, b, c = (crop.mean() for crop in shaken(np.random.default_rng(seed), crops))
        assert a < b < c or a > b > c


def test_characters_of_a_row_are_looked_at_together() -> None:
    torch.manual_seed(0)
    network = CharacterNet(CharacterNetConfig(5, (4, 8, 8), (0, 0, 0), 16, context=8)).eval()
    crops = torch.rand(4, 1, SIDE, SIDE)
    with torch.inference_mode():
        alone = network(crops)[:, 0]
        # Units that look at rows begin with no say...
        torch.testing.assert_close(network(crops.reshape(1, 4, SIDE, SIDE))[0], alone)
        assert network.face is not None
        torch.nn.init.normal_(network.face.second.weight)
        # ...and then change what is read, whatever the order of the others, and whatever blanks fill up the row.
        row = network(crops.reshape(1, 4, SIDE, SIDE))[0]
        assert float((row - network(crops)[:, 0]).abs().max()) > 1e-3
        torch.testing.assert_close(network(crops[[2, 0, 3, 1]].reshape(1, 4, SIDE, SIDE))[0], row[[2, 0, 3, 1]])
        blank = torch.full((1, 2, SIDE, SIDE), 0.5)
        torch.testing.assert_close(network(torch.cat([crops.reshape(1, 4, SIDE, SIDE), blank], 1))[0, :4], row)
        # Numbers of rows say the same.
        places = torch.tensor([0, 1, 2, 3])
        torch.testing.assert_close(network.packed(crops, places, 6), row)
        torch.testing.assert_close(network.packed(crops, places * 6, 6), network(crops)[:, 0])


def test_frozen_features_stay(tmp_path: Path) -> None:
    shape = CharacterNetConfig(0, (4, 8, 8), (0, 0, 0), 16)
    common = {"workers": 0, "threads": 1, "fonts": (tmp_path / "no-fonts",), "validation_crops": 40, "batch": 64}
    train_characters(CharactersTraining(tmp_path / "one", Schedule(1e-3, steps=1), network=shape, **common))
    start = tmp_path / "one" / "characters.safetensors"
    train_characters(
        CharactersTraining(tmp_path / "two", Schedule(1e-3, steps=2), start_from=start, frozen=True, **common)
    )
    before, after = (load_checkpoint(path).tensors for path in (start, tmp_path / "two" / "characters.safetensors"))
    assert all(torch.equal(value, after[name]) for name, value in before.items() if name.startswith("body."))
    assert not torch.equal(before["head.1.weight"], after["head.1.weight"])
    assert any(name.startswith("face.") for name in after)


def picture(path: Path, shade: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((40, 30), 255, np.uint8)
    pixels[8:32, 8:22] = shade
    Image.fromarray(pixels).save(path)


def test_class_folders(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("A/1.png", "A/2.png", "slash/1.png", "lower_b/1.png", "reject/1.png"):
        picture(tmp_path / name)
    (tmp_path / "C").mkdir()
    (tmp_path / "A" / "broken.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        groups = read_class_folders(tmp_path)
    assert sorted(c.text for g in groups for c in g.crops) == ["", "/", "A", "A", "b"]
    assert any("broken.png" in m for m in caplog.messages)
    assert any("no picture" in m and str(tmp_path / "C") in m for m in caplog.messages)


def test_no_pictures_at_all(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError):
        read_class_folders(tmp_path / "none")
    (tmp_path / "A").mkdir()
    with pytest.raises(InputBrokenError):
        read_class_folders(tmp_path)


def test_pictures_are_held_out_whole(tmp_path: Path) -> None:
    picture(tmp_path / "A" / "1.png")
    [crop] = read_class_folders(tmp_path)[0].crops
    groups = [Group((crop, crop)) for _ in range(10)]
    learned, held = hold_out(groups, 0.2)
    assert (len(learned), len(held)) == (16, 4)
    assert len(hold_out(groups, 0.0)[0]) == 20
    assert list(confusions([crop, crop], ["A", "B"])) == [("A", "B")]


def test_a_class_is_added_and_the_weights_are_loaded(tmp_path: Path) -> None:
    for k in range(6):
        picture(tmp_path / "classes" / "Ω" / f"{k}.png", 10 * k)
    shape = CharacterNetConfig(0, (4, 8, 8), (0, 0, 0), 16)
    common = {"workers": 0, "threads": 1, "fonts": (tmp_path / "no-fonts",), "validation_crops": 40, "batch": 64}
    first = CharactersTraining(tmp_path / "one", Schedule(1e-3, steps=2), network=shape, **common)
    assert 0.0 <= train_characters(first)["drawn_accuracy"] <= 1.0
    learned, held = hold_out(read_class_folders(tmp_path / "classes"), 0.3)
    second = CharactersTraining(
        tmp_path / "two", Schedule(1e-3, steps=2), start_from=tmp_path / "one" / "best.safetensors", real=learned,
        held=held, **common,
    )  # fmt: skip
    metrics = train_characters(second)
    assert metrics["temperature"] > 0
    known = load_checkpoint(tmp_path / "two" / "best.safetensors").config["symbols"]
    assert known == load_checkpoint(tmp_path / "one" / "best.safetensors").config["symbols"] + "Ω"
    manifest = export_weights(tmp_path / "two" / "best.safetensors", tmp_path / "w", "mine", "Apache-2.0", {}, {})
    entry = manifest.entry("characters")
    classifier = CharacterClassifier(open_engine(manifest, entry, "cpu"), entry.alphabet or "")
    assert classifier.symbols[-1] == "Ω"
    assert classifier.probabilities([learned[0].pixels]).sum() == pytest.approx(1.0, abs=1e-4)
    rows = classifier.of_rows([[learned[0].pixels] * 3, [], [learned[1].pixels]])
    assert [len(row) for row in rows] == [3, 0, 1]
    assert rows[0].sum(1) == pytest.approx(1.0, abs=1e-4)


def test_emblems_are_no_characters() -> None:
    """An emblem lies where its glyph says, is never named, and the characters stay where they were drawn."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        code = draw_code(rng, "AB12CD", (default_face(),))
        longer = with_emblem(rng, code)
        [own] = [glyph for glyph in longer.glyphs if not glyph.text]
        assert "".join(glyph.text for glyph in longer.glyphs) == "".join(glyph.text for glyph in code.glyphs)
        lefts = [glyph.left for glyph in longer.glyphs]
        assert lefts == sorted(lefts)
        ink = longer.mask[round(own.top) : round(own.bottom), round(own.left) : round(own.right)]
        assert ink.max() > 0.3
        kept = np.delete(longer.mask, np.s_[round(own.left) : round(own.right)], axis=1)
        assert kept.sum() == pytest.approx(code.mask.sum(), rel=0.02)


def test_a_word_of_a_code_is_all_of_its_row_without_the_emblem_in_its_label() -> None:
    rng = np.random.default_rng(2)
    code = with_emblem(rng, draw_code(rng, "AB 12CD", FACES), ends=0.0)
    [photo] = photographed(rng, code, 1)
    word = cut_word(rng, photo)
    assert word.text == "".join(g.text for g in code.glyphs)
    height, reach = photo.bottom - photo.top, photo.glyphs[-1].right - photo.glyphs[0].left
    assert word.pixels.shape[1] > 0.8 * reach
    assert 0.7 * height < word.pixels.shape[0] < 1.8 * height


def test_drawn_codes_repeat_with_their_seed_and_keep_to_the_alphabet() -> None:
    def draw(seed: int, alphabet: Alphabet) -> list[str]:
        rng = np.random.default_rng(seed)
        return [word.text for _ in range(40) for word in render_code(rng, FACES, alphabet)]

    assert draw(1, Alphabet()) == draw(1, Alphabet()) != draw(2, Alphabet())
    digits = draw(1, Alphabet("0123456789"))
    assert digits
    assert all(text.isdigit() for text in digits)
