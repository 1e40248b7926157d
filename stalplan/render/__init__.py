"""Plan -> text. Nothing here decides anything."""
