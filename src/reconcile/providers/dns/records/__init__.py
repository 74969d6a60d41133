"""The parts of a zone's RRsets that are ours, each under its key, and one canonical spelling for their values.

Pure: no server is asked here.
"""
