"""The DNS provider against octoDNS, on the same server, in the same run: ``python -m bench.dns``."""
