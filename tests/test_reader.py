"""The word reader, over an engine that reads grey levels: exact, without weights, and dependent on its input."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr_doc.core.errors import UsageError, WeightsError
from ocr_doc.recognizer import pieces, reader
from ocr_doc.recognizer.alphabet import Alphabet
from ocr_doc.recognizer.crops import HEIGHT, WIDTH_STEP
from ocr_doc.recognizer.lexicon import Lexicon
from ocr_doc.recognizer.network import CRNN, CRNNConfig
from ocr_doc.recognizer.pieces import PIECE, WIDEST
from ocr_doc.recognizer.reader import ReaderOptions, Reading, WordReader
from ocr_doc.weights.engines import EngineMemoryError, TorchEngine

ALPHABET = Alphabet(" abcdefgh0123456789OIl.,-")
LEVEL = 10  # grey levels between two classes; white, the paper, is the blank


class GreyEngine:
    """Reads row 16: a grey level names a class. Each step sees `reach` steps on either side, as an LSTM would."""

    device = "cpu"
    name = "grey"

    def __init__(self, classes: int = len(ALPHABET), reach: int = 0, fits: int = 10**9) -> None:
        self.classes, self.reach, self.fits = classes, reach, fits
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        self.shapes.append(batch.shape)
        if batch.size > self.fits:
            raise EngineMemoryError("grey: too large.", "Less.")
        row = batch[:, 0, HEIGHT // 2].reshape(len(batch), -1, 4).mean(2) * 255  # (N, T)
        distance = -np.abs((255 - row)[..., None] / LEVEL - np.arange(self.classes)) * 12
        if self.reach:
            around = np.ones(2 * self.reach + 1) / (2 * self.reach + 1)
            context = np.stack([np.convolve(np.pad(r, self.reach), around, "valid") for r in row])
            distance = distance + np.sin(context)[..., None] * np.sin(np.arange(self.classes)) * 3
        log_probs = distance - np.log(np.exp(distance).sum(2, keepdims=True))
        return np.asarray(log_probs, dtype=np.float32)

    def close(self) -> None:
        """Nothing to free."""


def draw(text: str, steps: int = 2, gap: int = 1, margin: int = 1) -> NDArray[np.uint8]:
    """A crop, 32 pixels high, of `steps` time steps a character with `gap` steps of paper between."""
    crop = np.full((HEIGHT, 4 * (2 * margin + len(text) * (steps + gap))), 255, np.uint8)
    crop[2:5] = 0  # black and white are there, so that stretching the contrast leaves the levels as they are
    for i, label in enumerate(ALPHABET.encode(text)):
        x = 4 * (margin + i * (steps + gap))
        crop[8:24, x : x + 4 * steps] = 255 - LEVEL * label
    return crop


texts = st.text("abcdefgh0123456789OIl.,-", min_size=1, max_size=30).map(lambda t: t[:5] * 2 + t)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, max_size=12))
def test_texts_come_back_in_the_order_of_the_crops(words: list[str]) -> None:
    readings = WordReader(GreyEngine(), ALPHABET).read([draw(w) for w in words])
    assert [r.text for r in readings] == words
    for reading in readings:
        assert "".join(c.text for c in reading.characters) == reading.text
        assert 0.9 < reading.confidence <= 1


@settings(max_examples=15, deadline=None)
@given(st.lists(texts, min_size=1, max_size=70), st.sampled_from([0, 3]))
def test_batches_of_1_8_64_read_the_same(words: list[str], beam: int) -> None:
    crops = [draw(w) for w in words]
    found = [
        WordReader(GreyEngine(reach=9), ALPHABET, ReaderOptions(beam_width=beam, batch_size=size)).read(crops)
        for size in (1, 8, 64)
    ]
    assert [r.text for r in found[0]] == [r.text for r in found[1]] == [r.text for r in found[2]]
    alone = [WordReader(GreyEngine(reach=9), ALPHABET, ReaderOptions(beam_width=beam)).read([c])[0] for c in crops]
    assert [r.text for r in alone] == [r.text for r in found[2]]
    assert [r.confidence for r in alone] == pytest.approx([r.confidence for r in found[2]])


def test_a_real_network_reads_the_same_in_any_batch() -> None:
    torch.manual_seed(0)
    network = CRNN(CRNNConfig(len(ALPHABET), channels=(8, 8, 8, 8, 16), blocks=(1, 1, 1, 1, 1), hidden=16))
    with torch.no_grad():  # an untrained network is flat: make it see contrast and speak out
        for weight in (network.sequence.weight_ih_l0, network.sequence.weight_ih_l0_reverse, network.output.weight):
            weight.mul_(8)
        for _ in range(20):
            network(torch.rand(8, 1, HEIGHT, 128))  # sets the norms' statistics
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (rng.integers(10, 60), rng.integers(5, 300)), dtype=np.uint8) for _ in range(70)]
    engine = TorchEngine(network)
    found = [
        [r.text for r in WordReader(engine, ALPHABET, ReaderOptions(batch_size=size)).read(crops)]
        for size in (1, 8, 64)
    ]
    assert found[0] == found[1] == found[2]
    assert len(set(found[0])) > 10  # the texts do depend on the crops


def test_batches_hold_one_width_and_keep_to_their_limits() -> None:
    engine = GreyEngine()
    crops = [draw("ab" * (1 + i % 9)) for i in range(100)]
    limit = 20 * HEIGHT * 100
    WordReader(engine, ALPHABET, ReaderOptions(batch_size=10, max_batch_pixels=limit)).read(crops)
    shapes = engine.shapes[1:]  # the first is the check of the network
    assert sum(s[0] for s in shapes) == 100
    assert all(s[1:3] == (1, HEIGHT) and s[3] % WIDTH_STEP == 0 for s in shapes)
    assert all(s[0] <= 10 and s[0] * s[2] * s[3] <= limit for s in shapes)
    assert len({s[3] for s in shapes}) > 3
    assert len(shapes) < 20


def test_a_crop_larger_than_the_limit_still_passes() -> None:
    reader = WordReader(GreyEngine(), ALPHABET, ReaderOptions(max_batch_pixels=1))
    assert [r.text for r in reader.read([draw("abc"), draw("00")])] == ["abc", "00"]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_spans_are_fractions_of_the_crop_as_given(scale: int) -> None:
    text = "ab00cd"
    crop = np.kron(draw(text, steps=4, gap=2, margin=2), np.ones((scale, scale), np.uint8))
    [reading] = WordReader(GreyEngine(), ALPHABET).read([crop])
    assert reading.text == text
    width = crop.shape[1] / scale / 4  # in steps
    for i, character in enumerate(reading.characters):
        start, end = 2 + 6 * i, 6 + 6 * i  # the ink, in steps
        assert start - 2 <= character.start * width <= start + 1e-6
        assert end - 1e-6 <= character.end * width <= end + 2
    for left, right in zip(reading.characters, reading.characters[1:], strict=False):
        assert left.end <= right.start + 1e-9


def test_expected_lengths_stretch_narrow_crops() -> None:
    # At one step a character with no gap, "00" is one run: only more steps could part it.
    engine = GreyEngine()
    crop = draw("a0b", steps=1, gap=0, margin=0)
    reader = WordReader(engine, ALPHABET)
    [plain] = reader.read([crop])
    [stretched] = reader.read([crop], expected=[20])
    assert engine.shapes[-1][3] >= 200 > engine.shapes[-2][3]
    assert all(0 <= c.start < c.end <= 1 for c in stretched.characters)
    assert plain.text == "a0b"
    with pytest.raises(ValueError, match="2 expected lengths for 1 crops"):
        reader.read([crop], expected=[1, 2])


def test_absurd_expectations_are_bounded() -> None:
    engine = GreyEngine()
    WordReader(engine, ALPHABET).read([draw("a"), draw("b")], expected=[10**9, -5])
    assert max(s[3] for s in engine.shapes) <= PIECE
    assert sum(s[0] * s[3] for s in engine.shapes) <= WIDEST + 4 * PIECE


def test_nothing_to_read() -> None:
    reader = WordReader(GreyEngine(), ALPHABET)
    assert reader.read([]) == []
    empty = [np.zeros(shape, np.uint8) for shape in ((0, 5), (5, 0), (0, 0))]
    found = reader.read([empty[0], draw("ab"), *empty[1:]])
    assert found[0] == found[2] == found[3] == Reading("", 0.0)
    assert found[1].text == "ab"


def test_paper_without_ink_is_an_empty_reading_of_high_confidence() -> None:
    [reading] = WordReader(GreyEngine(), ALPHABET).read([draw("", margin=12)])
    assert (reading.text, reading.characters) == ("", ())
    assert reading.confidence > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 20000), (32, 20000), (40, 30, 3), (40, 30, 1)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_odd_shapes_pass(shape: tuple[int, ...], level: int) -> None:
    engine = GreyEngine()
    [reading] = WordReader(engine, ALPHABET).read([np.full(shape, level, np.uint8)])
    assert all(0 <= c.start < c.end <= 1 for c in reading.characters)
    assert max(s[3] for s in engine.shapes) <= PIECE
    assert sum(s[0] * s[3] for s in engine.shapes) < 1.4 * WIDEST


def long_text(length: int) -> str:
    return "".join(np.random.default_rng(length).choice(list(ALPHABET.symbols[1:]), length))


@pytest.mark.parametrize("length", [169, 170, 171, 340, 500, 1300])
def test_long_crops_lose_and_double_nothing_at_the_joins(length: int) -> None:
    engine, text = GreyEngine(reach=12), long_text(length)
    [reading] = WordReader(engine, ALPHABET).read([draw(text)])
    assert reading.text == text
    assert max(s[3] for s in engine.shapes) <= PIECE
    starts = [c.start for c in reading.characters]
    assert starts == sorted(starts)
    steps = 2 + 3 * length
    assert [c.start * steps for c in reading.characters] == pytest.approx([1 + 3 * i for i in range(length)], abs=1.1)


def test_a_split_crop_reads_as_it_would_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    crops = [draw(long_text(n)) for n in (600, 20, 400, 601)]
    split = WordReader(GreyEngine(reach=20), ALPHABET, ReaderOptions(batch_size=3)).read(crops)
    monkeypatch.setattr(pieces, "PIECE", 10**6)
    whole = WordReader(GreyEngine(reach=20), ALPHABET).read(crops)
    for ours, theirs in zip(split, whole, strict=True):
        assert ours.text == theirs.text
        assert ours.confidence == pytest.approx(theirs.confidence, rel=1e-3)


def test_many_crops_pass_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "WINDOW", 7)
    words = [long_text(1 + i % 11) for i in range(40)]
    assert [r.text for r in WordReader(GreyEngine(), ALPHABET).read([draw(w) for w in words])] == words


def test_memory_shortage_halves_the_batch_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    engine = GreyEngine(fits=3 * HEIGHT * 64)
    reader = WordReader(engine, ALPHABET)
    words = [long_text(3) for _ in range(50)]
    with caplog.at_level(logging.WARNING):
        assert [r.text for r in reader.read([draw(w) for w in words])] == words
        reader.read([draw(w) for w in words])
    assert len(caplog.records) == 1
    engine.fits = 5
    with pytest.raises(EngineMemoryError):
        reader.read([draw("a")])


def test_a_network_of_another_alphabet_is_refused_at_once() -> None:
    with pytest.raises(WeightsError, match=rf"grey has 7 classes, its alphabet {len(ALPHABET)}"):
        WordReader(GreyEngine(classes=7), ALPHABET)


def test_an_output_of_another_shape_is_refused() -> None:
    class Maps(GreyEngine):
        def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
            return np.zeros((1, 2, 16, 16), np.float32)

    with pytest.raises(WeightsError, match="weights of a recognizer"):
        WordReader(Maps(), ALPHABET)


def test_spaces_at_the_ends_are_dropped_and_kept_within() -> None:
    [reading] = WordReader(GreyEngine(), ALPHABET).read([draw(" ab cd ")])
    assert reading.text == "ab cd"
    assert [c.text for c in reading.characters] == list("ab cd")


def test_allowed_symbols_bind_the_text_but_not_the_confidence() -> None:
    crop = draw("1O0")
    reader = WordReader(GreyEngine(), ALPHABET, ReaderOptions(allowed="0123456789€"))
    [reading] = reader.read([crop])
    assert set(reading.text) <= set("0123456789")
    assert reading.text[0] == "1"
    assert reading.text[-1] == "0"
    assert reading.confidence < 0.01
    assert reading.characters[0].confidence > 0.9
    with pytest.raises(UsageError, match="none of the allowed"):
        WordReader(GreyEngine(), ALPHABET, ReaderOptions(allowed="€"))


def test_a_lexicon_decides_close_calls_only() -> None:
    # A level between "c" and "d", a little nearer to "d".
    crop = draw("face")
    lo, hi = ALPHABET.encode("cd")
    crop[crop == 255 - LEVEL * lo] = 255 - LEVEL * lo - 6
    assert hi == lo + 1
    options = ReaderOptions(beam_width=8, lexicon=Lexicon(["face"], price=6))
    assert WordReader(GreyEngine(), ALPHABET).read([crop])[0].text == "fade"
    assert WordReader(GreyEngine(), ALPHABET, options).read([crop])[0].text == "face"
    assert WordReader(GreyEngine(), ALPHABET, options).read([draw("fade")])[0].text == "fade"


@pytest.mark.parametrize(
    "options",
    [{"beam_width": -1}, {"batch_size": 0}, {"max_batch_pixels": 0}, {"lexicon": Lexicon(["a"])}],
)
def test_senseless_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        ReaderOptions(**options)  # type: ignore[arg-type]
