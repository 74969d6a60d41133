"""A run made visible: while it goes, when it ended, and in the list of those that are over.

What a run is going to do is in ``plan``.
"""
