"""The words and the rules of work: frozen values, events, transition tables."""
