"""The one program that runs on a node, and its wire format."""
