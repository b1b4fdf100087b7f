"""Layout: words put back into lines and blocks, in reading order."""
