"""`python -m ocr_doc` is `ocr-doc`."""

from __future__ import annotations

import sys

from ocr_doc.cli import main

sys.exit(main())
