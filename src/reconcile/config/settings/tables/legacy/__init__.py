"""The tables [legacy.NAME] of reconcile.toml and those below them: an old mail host.

How it is reached and listed, locked on the eve, relays mail, and hands its domains over.
"""
