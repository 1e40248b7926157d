"""Real machines for tests: private OpenSSH servers and systemd nodes on loopback."""
