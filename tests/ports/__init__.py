"""One contract for every kind of session."""
