"""`ocr-doc-train`: trains the networks and turns checkpoints into weights that ocr-doc loads."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from ocr_doc.core.errors import ExitCode, OcrDocError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command line; returns its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    debug = "--debug" in (sys.argv[1:] if argv is None else argv)
    try:
        args = _parser().parse_args(argv)
        return int(args.run(args))
    except OcrDocError as error:
        if debug:
            raise
        print(f"ocr-doc-train: {error}", file=sys.stderr)
        return int(error.exit_code)
    except ImportError as error:
        print(f"ocr-doc-train: {error}. Install what training needs: pip install 'ocr-doc[train]'", file=sys.stderr)
        return int(ExitCode.DEPENDENCY)
    except KeyboardInterrupt:
        print("ocr-doc-train: interrupted; --resume goes on from the last checkpoint.", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)


def _parser() -> argparse.ArgumentParser:
    # These need torch, an extra: imported here, so that its absence is one line and not a traceback.
    from ocr_doc.training import detector_cli, export_cli, lines_cli, recognizer_cli  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="ocr-doc-train", description=__doc__)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    recognizer = commands.add_parser("recognizer", help="train the recogniser on drawn and real word crops")
    recognizer_cli.add_arguments(recognizer)
    recognizer.set_defaults(run=recognizer_cli.run)
    detector = commands.add_parser("detector", help="train the detector on pages drawn on the fly")
    detector_cli.add_arguments(detector)
    detector.set_defaults(run=detector_cli.run)
    lines = commands.add_parser("lines", help="cut labelled lines out of pages, for training the recogniser")
    lines_cli.add_arguments(lines)
    lines.set_defaults(run=lines_cli.run)
    export = commands.add_parser("export", help="turn a checkpoint into weights that ocr-doc loads")
    export_cli.add_arguments(export)
    export.set_defaults(run=export_cli.run)
    return parser
