"""How a Stalwart server reads its config.toml, and how to edit one for it.

A library of its own: bytes in, bytes or small frozen values out. It knows nothing of
clusters, networks or disks.
"""
