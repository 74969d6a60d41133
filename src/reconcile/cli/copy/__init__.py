"""``reconcile copy``: one module per subcommand; what they share stands in ``cli/copies.py``."""
