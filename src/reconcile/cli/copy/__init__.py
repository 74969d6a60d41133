"""``reconcile copy``: carry out the queued mail copies, follow them, hold them back, check them.

One module per subcommand; what they share is in ``cli.wiring.copies``.
"""
