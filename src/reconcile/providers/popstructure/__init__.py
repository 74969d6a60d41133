"""PopStructure, where the structures of the network are described: read from what it exports, never written.

Nothing public describes it, so that an export's columns are named in reconcile.toml when their titles are not known.
"""
