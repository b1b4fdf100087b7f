"""Fields of a bill: who, when, how much, for what; rules over the rows of words of a read document."""
