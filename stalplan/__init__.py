"""stalplan plans and applies the cluster settings of Stalwart mail servers."""

__version__ = "0.1.0"
