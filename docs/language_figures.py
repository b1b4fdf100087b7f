"""What each language is read to, by ocr-doc or a peer, on the pages of `language_pages.py`.

    python docs/language_pages.py pages
    python docs/language_figures.py pages.jsonl --engine ocr-doc --pages 4

Prints word F1, with and without regard to case, and the character error rate: of each language and of all. Tesseract
is told the language of each page, and needs its packages (Debian: tesseract-ocr-pol and so on); the others are not.
"""

# ruff: noqa: T201 - it is a command.

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from ocr_doc import OCRPipeline
from ocr_doc.evaluation.peers import RapidOcr
from ocr_doc.evaluation.texts import Matches, Rate, character_errors, word_matches

TESSERACT = {
    "en": "eng", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "nl": "nld", "pt": "por", "pl": "pol",
    "cs": "ces", "sk": "slk", "sl": "slv", "hr": "hrv", "hu": "hun", "ro": "ron", "sv": "swe", "da": "dan",
    "nb": "nor", "fi": "fin", "is": "isl", "et": "est", "lv": "lav", "lt": "lit", "tr": "tur", "ca": "cat",
    "sq": "sqi", "ga": "gle",
}  # fmt: skip
Reader = Callable[[Path, str], str]


def _tesseract(path: Path, language: str) -> str:
    command = ["tesseract", str(path), "-", "--psm", "3", "-l", TESSERACT[language]]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


def reader(engine: str, weights: Path | None) -> Reader:
    """What reads a page of a language."""
    if engine == "tesseract":
        return _tesseract
    if engine == "rapidocr":
        peer = RapidOcr()
        return lambda path, _: peer.read_page(path).text
    ocr = OCRPipeline(weights=weights)
    return lambda path, _: ocr(path).text


def cased_matches(truth: str, read: str) -> Matches:
    """Words that are right with their case."""
    wanted, found = Counter(truth.split()), Counter(read.split())
    return Matches((wanted & found).total(), found.total(), wanted.total())


def main() -> None:
    """Reads the pages and prints a line for each language."""
    parser = argparse.ArgumentParser(description="What each language is read to.")
    parser.add_argument("list", type=Path)
    parser.add_argument("--engine", choices=("ocr-doc", "tesseract", "rapidocr"), default="ocr-doc")
    parser.add_argument("--pages", type=int, default=8, help="of each language (%(default)s)")
    parser.add_argument("--weights", type=Path, help="folder of weights (those that ship)")
    args = parser.parse_args()
    read = reader(args.engine, args.weights)
    seen: Counter[str] = Counter()
    results: dict[str, list[tuple[Matches, Matches, Rate]]] = defaultdict(list)
    for line in args.list.read_text(encoding="utf-8").splitlines():
        page = json.loads(line)
        language = page["split"]
        if seen[language] == args.pages:
            continue
        seen[language] += 1
        truth = "\n".join(each["text"] for each in page["lines"])
        text = read(args.list.parent / page["image"], language)
        scores = (cased_matches(truth, text), word_matches(truth, text), character_errors(truth, text))
        for group in (language, "all"):
            results[group].append(scores)
    for group, scores_of_pages in results.items():
        cased, folded, errors = zip(*scores_of_pages, strict=True)
        f1, loose = (sum(each, Matches()).f1 for each in (cased, folded))
        wrong = sum(rate.count for rate in errors) / sum(rate.total for rate in errors)
        print(f"{group}: {len(cased)} pages, F1 with case {f1:.3f}, without {loose:.3f}, CER {wrong:.4f}")


if __name__ == "__main__":
    main()
