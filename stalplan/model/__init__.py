"""What we want, what there is, and what is written down, as plain records."""
