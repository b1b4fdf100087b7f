"""Which of the packages that only training needs are missing."""

from __future__ import annotations

from importlib.util import find_spec

from ocr_doc.core.errors import DependencyError

ALL = ("torch", "safetensors", "fontTools", "faker", "matplotlib", "onnx", "simplemma", "wordfreq")
"""What `pip install 'ocr-doc[train]'` brings, by the names of import."""


def require(*packages: str) -> None:
    """Sees that packages can be imported, without importing them.

    Raises:
        DependencyError: If some are not installed; names them all.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise DependencyError(
            f"Training needs packages that are not installed: {', '.join(missing)}.",
            "Install them with: pip install 'ocr-doc[train]'",
        )
