"""Where the words of a page are: networks, text height and scale, score maps to quads."""
