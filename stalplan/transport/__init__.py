"""Ways to reach nodes. The only place that knows SSH."""
