"""The eve of a batch by the real command, on the sandbox's clock: ``python -m bench.day``."""
