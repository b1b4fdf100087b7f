from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

import ocr_doc
from ocr_doc import Document, OCRPipeline, Options
from ocr_doc.core.errors import (
    InputEmptyError,
    InputMissingError,
    InputUnsupportedError,
    OcrDocError,
    OutputError,
    UsageError,
    WeightsError,
)
from ocr_doc.core.geometry import box_quad
from ocr_doc.detectors.detector import DetectedWord
from ocr_doc.recognizer.reader import Reading
from ocr_doc.weights.manifest import load_manifest, write_entry

Pixels = NDArray[np.uint8]


def python(code: str, *arguments: str) -> str:
    """Runs code in a fresh interpreter, away from the sources' folder."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=Path(sys.prefix), check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_page_end_to_end(ocr: OCRPipeline, receipt: Pixels, receipt_text: str) -> None:
    document = ocr(receipt)
    assert isinstance(document, Document)
    assert document.text == receipt_text
    assert document.source == "<array>"
    assert (document.engine.detector, document.engine.recognizer) == ("BarDetector", "BarReader")
    assert document.engine.version == ocr_doc.__version__
    page = document.pages[0]
    assert (page.number, page.width, page.height, page.skew) == (1, 400, 200, 0.0)
    word = page.lines[0].words[0]
    assert (word.text, word.confidence, word.source) == ("Milk", 0.95, "crnn")
    assert word.box == (20, 20, 68, 40)


def test_every_kind_of_source_gives_the_same_text(
    ocr: OCRPipeline, receipt: Pixels, receipt_text: str, tmp_path: Path
) -> None:
    path = tmp_path / "receipt.png"
    Image.fromarray(receipt).save(path)
    sources = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), Image.open(path), receipt[..., 0]]
    assert [ocr(source).text for source in sources] == [receipt_text] * len(sources)
    assert ocr(path).source == str(path)


@pytest.mark.parametrize("with_characters", [False, True])
def test_characters_lie_where_they_are(
    make_ocr: Callable[..., OCRPipeline], receipt: Pixels, with_characters: bool
) -> None:
    for word in make_ocr(with_characters=with_characters)(receipt).words:
        assert "".join(c.text for c in word.characters) == word.text
        for i, character in enumerate(word.characters):
            assert character.quad is not None
            x0 = word.box[0] + 12 * i
            np.testing.assert_allclose(character.quad, box_quad((x0, word.box[1], x0 + 12, word.box[3])), atol=1.0)


def test_characters_can_be_left_out(ocr: OCRPipeline, receipt: Pixels) -> None:
    assert not any(word.characters for word in ocr(receipt, characters=False).words)


def test_a_reading_with_spaces_is_several_words(ocr: OCRPipeline, draw_page: Callable[..., Pixels]) -> None:
    words = ocr(draw_page([("ab cde", 40, 60)])).words
    assert [word.text for word in words] == ["ab", "cde"]
    assert [len(word.characters) for word in words] == [2, 3]
    np.testing.assert_allclose(words[0].box, (40, 60, 64, 80), atol=1)
    np.testing.assert_allclose(words[1].box, (76, 60, 112, 80), atol=1)


def test_threshold_filters_output_only(ocr: OCRPipeline, receipt: Pixels) -> None:
    assert "??" in ocr(receipt).text
    assert "??" not in ocr(receipt, min_confidence=0.5).text
    assert "??" in ocr(receipt).text, "an option of one call stuck to the pipeline"


def test_options_of_pipeline_are_defaults_of_calls(make_ocr: Callable[..., OCRPipeline], receipt: Pixels) -> None:
    strict = make_ocr(min_confidence=0.5)
    assert "??" not in strict(receipt).text
    assert "??" in strict(receipt, min_confidence=0.0).text
    assert strict.options == Options(min_confidence=0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_confidnce": 1}, "no option 'min_confidnce'"),
        ({"device": "cpu"}, r"OCRPipeline\(device=\.\.\.\)"),
        ({"min_confidence": 1.5}, "no probability"),
        ({"min_confidence": "high"}, "wrong type"),
        ({"beam_width": 0}, "beam"),
        ({"batch_size": 0}, "batch"),
        ({"lexicon": ("a",)}, "beam search"),
        ({"lexicon": "words", "beam_width": 4}, "not one string"),
        ({"pages": "3-1-2"}, "3-1-2"),
        ({"dpi": 0}, "dpi"),
    ],
)
def test_wrong_options_are_told_before_anything_is_read(
    ocr: OCRPipeline, options: dict[str, Any], message: str
) -> None:
    for call in (ocr, ocr.pages, ocr.stream):
        with pytest.raises(UsageError, match=message):
            call("nothing.png", **options)  # type: ignore[operator]


@pytest.mark.parametrize(("arguments", "message"), [({"device": "tpu"}, "tpu"), ({"threads": 0}, "0 threads")])
def test_wrong_engine_options(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        OCRPipeline(**arguments)


def test_lexicon_is_any_iterable() -> None:
    assert Options(beam_width=2, lexicon=iter(["a", "b"])).lexicon == ("a", "b")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((300, 200), 255, np.uint8),
        np.zeros((300, 200), np.uint8),
        np.zeros((1, 1), np.uint8),
        np.full((1, 5000), 255, np.uint8),
        np.zeros((5000, 1), np.uint8),
        np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8),
    ],
    ids=["blank", "black", "dot", "row", "column", "noise"],
)
def test_strange_pages_are_normal_results(ocr: OCRPipeline, pixels: Pixels) -> None:
    document = ocr(pixels)
    assert len(document.pages) == 1
    assert (document.pages[0].height, document.pages[0].width) == pixels.shape[:2]
    json.dumps(ocr_doc.api.ocr_doc.export.to_dict(document))  # type: ignore[attr-defined]


def test_blank_page_has_no_words(ocr: OCRPipeline) -> None:
    document = ocr(np.full((300, 200), 255, np.uint8))
    assert document.text == ""
    assert document.pages[0].blocks == ()


def test_pages_come_one_by_one(ocr: OCRPipeline, draw_page: Callable[..., Pixels], tmp_path: Path) -> None:
    path = tmp_path / "two.tiff"
    first, *rest = (Image.fromarray(draw_page([(text, 20, 20)])) for text in ("one", "two", "three"))
    first.save(path, save_all=True, append_images=rest)
    assert [page.text for page in ocr.pages(path)] == ["one", "two", "three"]
    assert [page.number for page in ocr.pages(path, pages="2-3")] == [2, 3]
    assert ocr(path).text == "one\n\ftwo\n\fthree"
    assert next(ocr.pages(path)).text == "one"
    with pytest.raises(UsageError, match="several pages"):
        ocr.detect_words(path)
    assert len(ocr.detect_words(path, pages="3")) == 1


def test_stream_goes_on_after_a_bad_file(ocr: OCRPipeline, save_page: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("I am no picture")
    sources = [
        save_page("a.png", "first"),
        tmp_path / "empty.png",
        tmp_path / "text.png",
        "gone.png",
        save_page("b.png"),
    ]
    items = list(ocr.stream(sources))
    assert [item.source for item in items] == [str(source) for source in sources]
    assert [item.document.text if item.document else None for item in items] == ["first", None, None, None, "hello"]
    errors = [type(item.error) for item in items]
    assert errors == [type(None), InputEmptyError, InputUnsupportedError, InputMissingError, type(None)]
    assert items[1].error is not None and items[1].error.__traceback__ is None
    assert "InputEmptyError" in items[1].traceback


def test_stream_survives_a_fault_of_ours(receipt: Pixels, make_ocr: Callable[..., OCRPipeline]) -> None:
    class Faulty:
        def detect(self, pixels: Pixels) -> list[DetectedWord]:
            raise ZeroDivisionError("oops")

    items = list(make_ocr(detector=Faulty()).stream([receipt, receipt]))
    assert len(items) == 2
    for item in items:
        assert item.error is not None
        assert "internal fault: ZeroDivisionError: oops" in str(item.error)


def test_documents_are_handed_over_when_read_and_not_in_their_turn(
    ocr: OCRPipeline, make_ocr: Callable[..., OCRPipeline], receipt: Pixels, save_page: Callable[..., Path]
) -> None:
    quick_is_kept = threading.Event()
    kept = {}

    class SlowOnReceipts:
        def detect(self, pixels: Pixels) -> Sequence[DetectedWord]:
            if np.array_equal(pixels, receipt):
                assert quick_is_kept.wait(20)
            return ocr._networks.detector(ocr.options).detect(pixels)

    def keep(number: int, document: Document) -> None:
        kept[number] = document.text
        if number == 1:
            quick_is_kept.set()
        if number == 2:
            raise OutputError("disk: full.", "Free some space.")

    sources = [receipt, save_page("quick.png", "quick"), save_page("unsaved.png")]
    items = list(make_ocr(detector=SlowOnReceipts(), jobs=2).stream(sources, finished=keep))
    assert list(kept)[:2] == [1, 0]
    assert [item.document and item.document.text for item in items] == [kept[0], "quick", None]
    assert str(items[2].error) == "disk: full. Free some space."


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_stream_is_lazy(make_ocr: Callable[..., OCRPipeline], receipt: Pixels, jobs: int) -> None:
    taken = 0

    def sources() -> Iterator[Pixels]:
        nonlocal taken
        for _ in range(9):
            taken += 1
            yield receipt

    items = make_ocr(jobs=jobs).stream(sources())
    for number in range(3):
        assert next(items).document is not None
        assert taken == number + jobs, "as many are taken as are read at once, and no more"


def test_missing_weights_end_a_stream(receipt: Pixels, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        list(OCRPipeline(weights=tmp_path).stream([receipt]))


def test_bad_input_is_told_before_weights_are_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputMissingError):
        OCRPipeline(weights=tmp_path / "none")(tmp_path / "none.png")


def test_stages_alone(ocr: OCRPipeline, receipt: Pixels, tmp_path: Path) -> None:
    assert len(ocr.detect_words(receipt)) == 6
    crop = receipt[20:40, 20:68]
    path = tmp_path / "word.png"
    Image.fromarray(crop).save(path)
    readings = ocr.recognize_crops([crop, crop[..., 0], Image.fromarray(crop), path, path.read_bytes()])
    assert [reading.text for reading in readings] == ["Milk"] * 5
    assert ocr.recognize_crops([]) == []


def test_closed_pipeline(receipt: Pixels, make_ocr: Callable[..., OCRPipeline]) -> None:
    with make_ocr() as ocr:
        ocr(receipt)
    ocr.close()
    with pytest.raises(UsageError, match="closed"):
        ocr(receipt)


def test_threads_with_different_options_do_not_meet(ocr: OCRPipeline, receipt: Pixels) -> None:
    results: dict[int, set[bool]] = {}

    def work(number: int) -> None:
        found = ("??" in ocr(receipt, min_confidence=0.5 * (number % 2)).text for _ in range(10))
        results[number] = set(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: {number % 2 == 0} for number in range(6)}


def test_reader_that_loses_a_crop_is_not_believed(receipt: Pixels, ocr: OCRPipeline) -> None:
    class Forgetful:
        def read(self, crops: list[Pixels], expected: object = None) -> list[Reading]:
            return [Reading("x", 1.0)] * (len(crops) - 1)

    class One:
        def detect(self, pixels: Pixels) -> list[DetectedWord]:
            return [DetectedWord(box_quad((0, 0, 9, 9)), 1.0, ())] * 2

    with pytest.raises(ValueError, match="zip"):
        OCRPipeline(detector=One(), recognizer=Forgetful())(receipt)


def test_documents_save_themselves(ocr: OCRPipeline, receipt: Pixels, receipt_text: str, tmp_path: Path) -> None:
    ocr(receipt).save(tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == receipt_text + "\n"


def test_import_is_cheap() -> None:
    code = (
        "import sys, ocr_doc; print(*[m for m in ('numpy', 'cv2', 'PIL', 'onnxruntime', 'tqdm') if m in sys.modules])"
    )
    assert python(code).split() == []
    code = "import sys, ocr_doc.api; print(*[m for m in ('torch', 'scipy', 'matplotlib', 'tqdm') if m in sys.modules])"
    assert python(code).split() == []


def test_public_names() -> None:
    assert set(dir(ocr_doc)) == set(ocr_doc.__all__)
    for name in ocr_doc.__all__:
        assert getattr(ocr_doc, name)
    with pytest.raises(AttributeError, match="nothing"):
        _ = ocr_doc.nothing


def test_public_document_saves_without_a_pipeline(tmp_path: Path) -> None:
    python("import sys; from ocr_doc import Document; Document('x').save(sys.argv[1])", str(tmp_path / "out.json"))
    assert json.loads((tmp_path / "out.json").read_text())["source"] == "x"


def test_root_logger_is_untouched(ocr: OCRPipeline, receipt: Pixels) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.raiseExceptions)
    ocr(receipt)
    assert (root.level, list(root.handlers), logging.raiseExceptions) == before
    code = (
        "import logging, ocr_doc.api, ocr_doc.cli; logging.getLogger('ocr_doc.x').warning('seen');"
        "print(logging.getLogger().handlers, logging.getLogger().level)"
    )
    assert python(code).strip() == "[] 30"


def test_every_error_has_a_remedy() -> None:
    for error in OcrDocError.__subclasses__():
        assert str(error("What.", "Remedy.")) == "What. Remedy."


def test_pages_are_read_in_integers_and_codes_and_the_best_in_floating_point(
    receipt: Pixels, tiny_weights: Path, tmp_path: Path
) -> None:
    entries = load_manifest(tiny_weights).entries
    for entry in entries:
        floats, integers = (f"{entry.kind}{suffix}" for suffix in (".onnx", ".int8.onnx"))
        model = onnx.load(tiny_weights / floats)
        (tmp_path / floats).write_bytes(model.SerializeToString())
        for tensor in model.graph.initializer:  # these graphs find no word and prefer no letter
            if tensor.data_type == onnx.TensorProto.FLOAT:
                tensor.CopyFrom(onnx.numpy_helper.from_array(0 * onnx.numpy_helper.to_array(tensor), tensor.name))
        (tmp_path / integers).write_bytes(model.SerializeToString())
        write_entry(tmp_path, entry, [floats, integers])
    with OCRPipeline("cpu", tmp_path, threads=1) as ocr:
        assert not ocr.detect_words(receipt)
        assert not ocr(receipt).words
        for options in ({"quality": "best"}, {"serial": "always"}):
            assert ocr.detect_words(receipt, **options)
        assert ocr(receipt, quality="best").words
        crop = receipt[20:40, 20:68]
        plain, best = (ocr.recognize_crops([crop], quality=quality)[0] for quality in ("fast", "best"))
        assert (plain.text, plain.confidence) != (best.text, best.confidence)
        with OCRPipeline("cpu", tiny_weights, threads=1) as floating:
            assert floating.recognize_crops([crop], quality="best")[0] == best
