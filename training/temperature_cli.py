"""`ocr-doc-train temperature`: its options and what runs on them."""

from __future__ import annotations

import argparse
import logging
from dataclasses import asdict
from pathlib import Path

from ocr_doc.recognizer.network import CRNN
from ocr_doc.training.checkpoints import load_checkpoint
from ocr_doc.training.readers import read_crops
from ocr_doc.training.recognizer_loop import network_alphabet, network_shape
from ocr_doc.training.temperature import fit_temperature

_LOG = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of fitting a temperature."""
    parser.add_argument("checkpoint", type=Path, help="weights of a recogniser that a training wrote")
    parser.add_argument("crops", type=Path, nargs="+", help="lists or folders of crops that it was not trained on")


def run(args: argparse.Namespace) -> int:
    """Fits a temperature and tells it; returns the exit code."""
    checkpoint = load_checkpoint(args.checkpoint)
    alphabet = network_alphabet(checkpoint)
    network = CRNN(network_shape(checkpoint))
    network.load_state_dict(checkpoint.tensors)
    crops = [crop for source in args.crops for crop in read_crops(source, alphabet)]
    for name, value in asdict(fit_temperature(network, alphabet, crops)).items():
        _LOG.info("%s %.4g", name.replace("_", " "), value)
    return 0
