"""The old host's SMTP: a Postfix of our own on loopback, delivering into the old Dovecot and asking it for passwords.

``postfix`` runs it, ``configuration`` writes what it reads, ``tables`` are its domains and aliases, ``installed`` says
what is missing.
"""
