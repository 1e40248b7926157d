"""What is kept on this machine's disk, so that a power cut can't hurt it."""
