"""reconcile.toml: read, its files put over each other, checked, and told to the postmaster when it is wrong.

Every table has a module of its own in ``tables``; ``settings.Settings`` holds them all.
"""
