"""How the federations of tests begin: the Meuse, on its way to be moved on 20/01/2025."""

from __future__ import annotations

#: Its mailboxes are to follow.
MEUSE = """\
schema: 1
code: "55"
name: Fédération de la Meuse
domain: spf55.org
migration: {date: 2025-01-20, rehearsed: 2025-01-08, confirmed: 2025-01-15}
overrides: {GAT02: essai, GAT03: essai, GAT06: essai, GAT07: essai, GAT08: essai}
legacy: {server: mutualise}
mailboxes:
"""

#: The same with a subdomain.
MEUSE_WITH_VERDUN = MEUSE.replace("domain: spf55.org\n", "domain: spf55.org\nsubdomains: [verdun.spf55.org]\n")

#: One with a date, and nothing rehearsed yet; its structures have numbers of Atrium.
MEUSE_IN_PREPARATION = """
schema: 1
code: "55"
name: Fédération de la Meuse
domain: spf55.org
subdomains: [verdun.spf55.org]
atrium_id: 2650
migration: {date: 2025-01-20}
legacy: {server: mutualise}
mailboxes:
"""
