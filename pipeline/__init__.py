"""ocr-doc."""
