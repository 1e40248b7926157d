"""What runs on a node, under every shell it may meet."""
