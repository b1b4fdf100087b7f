"""How well documents are read: labelled sets, metrics, the stage that lost each word, peers, reports."""
