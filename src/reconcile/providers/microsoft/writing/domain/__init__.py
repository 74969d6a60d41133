"""How a domain is written: added, verified, signing, and what becomes of mail to unknown addresses.

Such mail is passed on to the old host by a connector until the switch, and refused afterwards.
"""
