"""The reader and the editor, against what real releases read."""
