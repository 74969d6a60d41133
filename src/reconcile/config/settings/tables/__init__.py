"""The tables of reconcile.toml, a module for each: its keys, their defaults, and what they must respect.

A new table is a module here, a field of ``settings.Settings``, and an example in ``config.schema.examples``.
"""
