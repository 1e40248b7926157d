"""The use cases, put together from the core and the ports."""
