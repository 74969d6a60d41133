"""The copier against its peers, on the same servers, in the same run: ``python -m bench.copy``."""
