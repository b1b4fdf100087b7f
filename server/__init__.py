"""The HTTP service and its web page; `ocr_doc.server.client` speaks to it."""
