"""What would stop a domain's mail, before the switch and after: named checks of its records and of its servers.

Reads only, from every authoritative server and the resolvers named.
"""
