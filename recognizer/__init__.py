"""What a word says: alphabet, crops, network, CTC decoding."""
