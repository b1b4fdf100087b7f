"""The recogniser's training: what it is fed, that it learns, goes on after a kill, and starts from other weights."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("safetensors")
pytest.importorskip("fontTools")
pytest.importorskip("wordfreq")
pytest.importorskip("faker")
pytest.importorskip("matplotlib")

import torch

from ocr_doc.core.errors import InputBrokenError, InputMissingError, WeightsError
from ocr_doc.recognizer.alphabet import Alphabet, ctc_steps
from ocr_doc.recognizer.attention import AttentionSequence
from ocr_doc.recognizer.network import CRNNConfig
from ocr_doc.training import recognizer_data, recognizer_loop, text
from ocr_doc.training.checkpoints import load_checkpoint
from ocr_doc.training.code_text import SYMBOLS
from ocr_doc.training.loop import STATE_FILE, DivergenceError, Trainer, find_place
from ocr_doc.training.progress import MetricsLog
from ocr_doc.training.recognizer_data import MAX_WIDTH, STRIDE, CropMix, CropStream, collate, fit_crop
from ocr_doc.training.recognizer_loop import RecognizerTask, RecognizerTraining, network_shape, train_recognizer
from ocr_doc.training.recognizer_validation import edit_distance
from ocr_doc.training.schedule import Schedule

ALPHABET = Alphabet()
SHAPE = CRNNConfig(0, channels=(4, 6, 8, 8, 12), blocks=(1, 1, 1, 1, 1), hidden=12)
NO_FONTS = CropMix(fonts=())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Few words and small pools, so that a run takes a second."""
    monkeypatch.setattr(text, "FURTHER_LANGUAGES", {})
    monkeypatch.setattr(text, "LANGUAGES", {"en": 1})
    monkeypatch.setattr(text, "LOCALES", ("en_US",))
    monkeypatch.setattr(text, "WORDS_PER_LANGUAGE", 300)
    monkeypatch.setattr(text, "POOL", 20)
    for module in (recognizer_data, recognizer_loop):
        monkeypatch.setattr(module, "POOL", 32)
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _config(folder: Path, steps: int, **more: object) -> RecognizerTraining:
    config = RecognizerTraining(
        folder, Schedule(5e-3, steps=steps, warmup=5), SHAPE, mix=NO_FONTS, area=1024, workers=0, threads=1,
        device="cpu", average=0.9, validation_crops=8, validation_minutes=1e9, checkpoint_minutes=1e9,
    )  # fmt: skip
    return replace(config, **more)


def _words(folder: Path, *texts: str) -> Path:
    """A list of crops that OpenCV writes."""
    folder.mkdir()
    rows = []
    for number, word in enumerate(texts):
        pixels = np.full((32, 24 + 20 * len(word)), 240, np.uint8)
        cv2.putText(pixels, word, (8, 25), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 10, 2)
        cv2.imwrite(str(folder / f"{number}.png"), pixels)
        rows.append(f"{number}.png\t{word}\n")
    source = folder.with_suffix(".tsv")
    source.write_text("".join(rows))
    return source


def _moments(trainer: Trainer) -> list[dict[str, torch.Tensor]]:
    """What the optimiser knows of each parameter."""
    return [trainer.optimizer.state[parameter] for parameter in trainer.network.parameters()]


class _KilledError(BaseException):
    """What no code catches by name."""


def _kill_at(patch: pytest.MonkeyPatch, step: int, seen: list[Trainer], copy: Path | None = None) -> None:
    """Ends the training after `step` steps; `copy` is its folder at that moment, as a kill without mercy leaves it."""
    original = Trainer.step

    def killed(trainer: Trainer, batch: object) -> torch.Tensor:
        if trainer.done_steps == step:
            seen.append(trainer)
            if copy:
                shutil.copytree(trainer.options.folder, copy)
            raise _KilledError
        return original(trainer, batch)

    patch.setattr(Trainer, "step", killed)


@settings(max_examples=150, deadline=None)
@given(st.text("01lW ", min_size=1, max_size=40), st.integers(1, 60), st.integers(1, 400), st.booleans())
def test_a_crop_always_has_more_steps_than_its_text_needs(word: str, height: int, width: int, expected: bool) -> None:
    """Doubled characters need a blank between them; a crop without room for it can never be learned."""
    needed = ctc_steps(ALPHABET.encode(word))
    assert needed == len(word) + sum(a == b for a, b in pairwise(word))
    crop = fit_crop(np.zeros((height, width), np.uint8), word, ALPHABET, expected)
    if crop is None:
        assert max(width * 32 / height, 10 * (needed + 1), 10 * len(word)) > MAX_WIDTH - 1
        return
    assert crop.width <= MAX_WIDTH
    assert crop.width // STRIDE > needed
    batch = collate([(crop, word)], ALPHABET)
    assert int(batch.steps[0]) > needed


def test_doubles_in_a_narrow_crop_have_a_finite_loss() -> None:
    crop = fit_crop(np.zeros((40, 12), np.uint8), "111100000", ALPHABET, False)
    assert crop is not None
    batch = collate([(crop, "111100000")], ALPHABET)
    scores = torch.zeros(int(batch.steps[0]), 1, len(ALPHABET)).log_softmax(-1)
    loss = torch.nn.functional.ctc_loss(scores, batch.targets, batch.steps, batch.lengths)
    assert torch.isfinite(loss)


def test_empty_crops_and_texts_teach_nothing() -> None:
    assert fit_crop(np.zeros((0, 9), np.uint8), "a", ALPHABET, False) is None
    assert fit_crop(np.zeros((9, 9), np.uint8), "", ALPHABET, False) is None


def test_a_batch_is_padded_with_each_crop_s_own_paper() -> None:
    rng = np.random.default_rng(0)
    pair = []
    for width, word in ((40, "ab"), (150, "long one")):
        crop = fit_crop(rng.integers(0, 256, (32, width)).astype(np.uint8), word, ALPHABET, False)
        assert crop is not None
        pair.append((crop, word))
    batch = collate(pair, ALPHABET)
    own = pair[0][0].pixels
    assert batch.pixels.shape == (2, 1, 32, pair[1][0].pixels.shape[1])
    assert (batch.pixels[0, 0, :, : own.shape[1]].numpy() == own).all()
    assert (batch.pixels[0, 0, :, own.shape[1] :].numpy() == own[0, -1]).all()
    assert batch.targets.tolist() == ALPHABET.encode("ab") + ALPHABET.encode("long one")
    assert batch.lengths.tolist() == [2, 8]


def test_batches_keep_to_their_area_and_repeat_with_their_seed() -> None:
    def first(start: int) -> list[recognizer_data.Batch]:
        stream = iter(CropStream(NO_FONTS, ALPHABET, 1024, start))
        return [next(stream) for _ in range(12)]

    batches = first(100)
    assert all(len(b.texts) == 1 or b.pixels.shape[0] * b.pixels.shape[3] <= 1024 for b in batches)
    assert any(len(b.texts) > 3 for b in batches)
    assert [b.texts for b in batches] == [b.texts for b in first(100)]
    assert [b.texts for b in batches] != [b.texts for b in first(101)]
    assert max(len(t) for b in first(0) for t in b.texts) <= recognizer_data.EASY_LENGTH


def test_drawn_crops_may_be_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer_data, "EASY_POOLS", 0)
    batch = next(iter(CropStream(replace(NO_FONTS, codes=1.0), ALPHABET, 4096)))
    assert all(set(label) <= {*SYMBOLS, " "} for label in batch.texts)
    assert any(any(c.isdigit() for c in label) for label in batch.texts)


def test_it_learns_real_words_and_writes_what_can_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognizer_data, "EASY_POOLS", 0)
    monkeypatch.setattr(recognizer_loop, "EASY_POOLS", 0)
    monkeypatch.setattr(RecognizerTask, "report_steps", 10)
    source = _words(tmp_path / "words", "11", "00", "177", "7001")
    config = _config(tmp_path / "run", 60, area=640, mix=replace(NO_FONTS, real=((source, 1.0),)), validation=source)
    metrics = train_recognizer(config)
    lines = MetricsLog(tmp_path / "run", resume=True).read()
    losses = [line["loss"] for line in lines if line["kind"] == "train"]
    assert len(losses) == 6
    assert losses[-1] < 0.4 * losses[0]
    assert metrics.keys() == {"synthetic_cer", "synthetic_exact", "real_cer", "real_exact"}
    crops = [line["crops"] for line in lines if line["kind"] == "train"]
    assert crops == sorted(set(crops))
    best = load_checkpoint(tmp_path / "run" / "best.safetensors")
    assert best.notes["metrics"]["real_cer"] == metrics["real_cer"]
    assert best.notes["crops"] == crops[-1]
    assert best.config["architecture"] == "crnn"
    assert (tmp_path / "run" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_after_an_interrupt_it_goes_on_with_the_same_state(tmp_path: Path) -> None:
    seen: list[Trainer] = []
    with pytest.MonkeyPatch.context() as patch, pytest.raises(_KilledError):
        _kill_at(patch, 7, seen)
        train_recognizer(_config(tmp_path, 12))
    known = load_checkpoint(tmp_path / "recognizer.safetensors")
    assert known.notes["step"] == 7
    config = _config(tmp_path, 12, resume=True)
    resumed = Trainer(config, RecognizerTask(config, known), find_place("cpu", "auto"))
    resumed.resume(tmp_path / STATE_FILE)
    stopped = seen[0]
    assert (resumed.done_steps, resumed.counts, resumed.best) == (7, stopped.counts, stopped.best)
    assert resumed.counts["crops"] > 7
    assert resumed.watch.minutes == pytest.approx(stopped.watch.minutes, abs=0.5)
    for states in (
        (stopped.network.state_dict(), resumed.network.state_dict()),
        (stopped.average.tensors, resumed.average.tensors),
        *zip(_moments(stopped), _moments(resumed), strict=True),
    ):
        a, b = states
        assert a.keys() == b.keys()
        assert [name for name, value in a.items() if not torch.equal(value, b[name])] == []
    train_recognizer(config)
    assert load_checkpoint(tmp_path / "recognizer.safetensors").notes["step"] == 12


def test_a_kill_without_mercy_loses_only_what_came_after_the_last_checkpoint(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(_KilledError):
        _kill_at(patch, 4, [], tmp_path / "copy")
        train_recognizer(_config(tmp_path / "run", 9, checkpoint_minutes=0.0))
    assert load_checkpoint(tmp_path / "copy" / "recognizer.safetensors").notes["step"] == 4
    train_recognizer(_config(tmp_path / "copy", 6, resume=True))
    assert load_checkpoint(tmp_path / "copy" / "recognizer.safetensors").notes["step"] == 6


def test_fine_tuning_takes_the_shape_and_the_alphabet_of_its_weights(tmp_path: Path) -> None:
    symbols = Alphabet(ALPHABET.symbols[:150])
    train_recognizer(_config(tmp_path / "a", 2, alphabet=symbols))
    weights = tmp_path / "a" / "recognizer.safetensors"
    # Rate 0: what comes out is what went in.
    other = replace(SHAPE, hidden=99)
    config = _config(tmp_path / "b", 1, schedule=Schedule(0.0, steps=1), start_from=weights, network=other)
    train_recognizer(config)
    a, b = load_checkpoint(weights), load_checkpoint(tmp_path / "b" / "recognizer.safetensors")
    assert a.config == b.config
    assert b.config["alphabet"] == symbols.symbols
    assert torch.equal(a.tensors["output.weight"], b.tensors["output.weight"])


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    from ocr_doc.detectors.network import CraftLight
    from ocr_doc.training.checkpoints import Checkpoint, save_checkpoint

    detector = CraftLight()
    save_checkpoint(tmp_path / "d", Checkpoint(detector.state_dict(), detector.config.to_dict()))
    with pytest.raises(WeightsError, match="recogniser"):
        train_recognizer(_config(tmp_path / "run", 1, start_from=tmp_path / "d"))
    with pytest.raises(InputMissingError, match="none"):
        train_recognizer(_config(tmp_path / "run", 1, start_from=tmp_path / "none"))
    assert not (tmp_path / "run").exists()


def test_a_spatial_transformer_is_trained_with_the_rest(tmp_path: Path) -> None:
    train_recognizer(_config(tmp_path, 4, network=replace(SHAPE, transformer=True), schedule=Schedule(1e-2, steps=4)))
    weights = load_checkpoint(tmp_path / "recognizer.safetensors")
    assert weights.config["transformer"] is True
    assert weights.tensors["features.0.affine.weight"].abs().max() > 0


def test_attention_is_trained_in_place_of_the_lstm(tmp_path: Path) -> None:
    shape = replace(SHAPE, sequence="attention", layers=2)
    train_recognizer(_config(tmp_path, 4, network=shape, schedule=Schedule(1e-2, steps=4)))
    weights = load_checkpoint(tmp_path / "recognizer.safetensors")
    assert weights.config["sequence"] == "attention"
    assert {name.split(".")[1] for name in weights.tensors if name.startswith("sequence.")} == {
        "enter",
        "blocks",
        "norm",
    }
    assert network_shape(weights) == replace(shape, classes=len(ALPHABET))


@given(step=st.integers(0, 39))
@settings(max_examples=10, deadline=None)
def test_attention_sees_the_whole_crop_and_where_things_are_in_it(step: int) -> None:
    torch.manual_seed(3)
    network = AttentionSequence(6, 8, 2, dropout=0.0)
    steps = torch.zeros(1, 40, 6)
    steps[0, step] = 1.0
    with torch.inference_mode():
        found, blank = network(steps)[0], network(torch.zeros_like(steps))[0]
    changed = (found - blank).abs().amax(dim=1)
    assert (changed > 0).all()  # by attention
    assert int(changed.argmax()) == step
    assert len({round(float(c), 6) for c in changed[max(0, step - 2) : step + 3]}) > 1  # by place


def test_attention_needs_channels_for_its_heads() -> None:
    with pytest.raises(ValueError, match="heads"):
        AttentionSequence(6, 10, 1, dropout=0.0)


def test_a_training_that_diverges_keeps_the_weights_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RecognizerTask, "report_steps", 1)
    train_recognizer(_config(tmp_path, 2))
    before = (tmp_path / STATE_FILE).read_bytes()
    config = _config(tmp_path, 30, schedule=Schedule(float("inf"), steps=30, warmup=0), resume=True)
    with pytest.raises(DivergenceError, match="--rate"):
        train_recognizer(config)
    assert (tmp_path / STATE_FILE).read_bytes() == before


def test_crops_that_cannot_be_read_are_skipped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = _words(tmp_path / "words", "good", "fine")
    for k in range(6):
        (tmp_path / "words" / f"bad{k}.png").write_bytes(b"no image")
    with source.open("a") as file:
        file.writelines(f"bad{k}.png\tbad\n" for k in range(6))
    mix = replace(NO_FONTS, real=((source, 1.0),))
    stream = iter(CropStream(mix, ALPHABET, 4096, recognizer_data.EASY_POOLS))
    assert any("6 of 8 crops tried cannot be read" in message for message in caplog.messages)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        texts = [word for _ in range(12) for word in next(stream).texts]
    assert {"good", "fine"} <= set(texts)
    assert "bad" not in texts
    skips = [message for message in caplog.messages if "skipped" in message]
    assert 2 <= len(skips) <= 4  # at the 1st, the 10th, the 100th
    assert "bad" in skips[0]


@given(st.integers(0, 99), st.sampled_from([(), (3,)]), st.integers(8, 90), st.integers(3, 200))
def test_a_photographed_crop_shows_what_it_showed(seed: int, colours: tuple[int, ...], height: int, width: int) -> None:
    crop = np.full((height, width, *colours), 230, np.uint8)
    crop[:, : width // 3] = 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recognizer_data, "_PHOTOGRAPHED", 1.0)
        seen = recognizer_data.shaken(np.random.default_rng(seed), crop)
    assert seen.dtype == np.uint8
    assert seen.shape[2:] == colours
    assert 8 <= seen.shape[0] <= max(recognizer_data._SMALL)
    if width >= height >= 8:
        dark, light = seen[:, : seen.shape[1] // 6 + 1].mean(), seen[:, -seen.shape[1] // 3 :].mean()
        assert abs(dark - light) > 20, "it may be a negative, but ink and paper differ"


def test_lists_without_one_good_crop_end_the_training_before_it_begins(tmp_path: Path) -> None:
    source = tmp_path / "w.tsv"
    source.write_text("none.png\tword\n")
    mix = replace(NO_FONTS, real=((source, 0.1),))
    with pytest.raises(InputBrokenError, match=r"none of 1 crops tried.*none\.png"):
        train_recognizer(_config(tmp_path / "run", 1, mix=mix))
    with pytest.raises(InputMissingError, match=r"none\.png"):
        train_recognizer(_config(tmp_path / "run", 1, validation=source))
    cv2.imwrite(str(tmp_path / "none.png"), np.zeros((4, 400), np.uint8))
    with pytest.raises(InputBrokenError, match="wider"):
        train_recognizer(_config(tmp_path / "run", 1, mix=mix))
    with pytest.raises(InputBrokenError, match="wide"):
        train_recognizer(_config(tmp_path / "run", 1, validation=source))
    assert not (tmp_path / "run").exists()


@settings(deadline=None, max_examples=60)
@given(st.text("ab", max_size=5), st.text("ab", max_size=5))
def test_edit_distance_is_levenshtein_s(a: str, b: str) -> None:
    def slow(x: str, y: str) -> int:
        if not x or not y:
            return len(x) + len(y)
        return min(slow(x[1:], y) + 1, slow(x, y[1:]) + 1, slow(x[1:], y[1:]) + (x[0] != y[0]))

    assert edit_distance(a, b) == slow(a, b)
