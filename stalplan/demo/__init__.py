"""An embedded cluster of three nodes on loopback, to see stalplan work."""
