"""Two Dovecot 2.3 hosts on loopback: the old one, full of mail, and the new one that trusts the tenant's tokens."""
