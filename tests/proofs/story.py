"""Two acts of one federation's life, for runs to be killed in: its arrival, and a year of changes at once."""

from __future__ import annotations

from tests.federations import MEUSE_WITH_VERDUN

ZONES = {"spf55.org": ["verdun.spf55.org"]}

ARRIVAL = (
    MEUSE_WITH_VERDUN
    + """\
  camille.dupont@spf55.org:
    licence: E3
    legacy_login: k0412
    protected: true
    directory: {last_name: Dupont, first_name: Camille}
  lou.petit@spf55.org:
    licence: E1
    aliases: [lp@spf55.org, {address: tresorerie@spf55.org, legacy_mail: merge}]
    directory: {last_name: Petit, first_name: Lou}
  passage@verdun.spf55.org:
    licence: E1
    new: true
    directory: {last_name: Passage, first_name: Dominique}
  contact@spf55.org:
    licence: Partagée
    display_name: Secours populaire – Meuse
    delegates:
      - camille.dupont@spf55.org
      - {who: lou.petit@spf55.org, rights: [read, send_on_behalf]}
    directory: {phone: "03 53 01 00 00"}
"""
)

#: A renaming, a licence swap, an alias that changes hands, a box that goes, one that comes, delegates in and out.
CHANGES = (
    MEUSE_WITH_VERDUN
    + """\
  camille.dupont@spf55.org:
    licence: E1
    legacy_login: k0412
    protected: true
    aliases: [lp@spf55.org]
    directory: {last_name: Dupont, first_name: Camille, job_title: Secrétaire}
  lou.martin@spf55.org:
    was: lou.petit@spf55.org
    licence: E3
    aliases: [{address: tresorerie@spf55.org, legacy_mail: merge}]
    directory: {last_name: Martin, first_name: Lou}
  emma.roux@verdun.spf55.org:
    licence: E1
    new: true
    directory: {last_name: Roux, first_name: Emma}
  contact@spf55.org:
    licence: Partagée
    display_name: Secours populaire de la Meuse
    aliases: [info@spf55.org]
    delegates:
      - {who: lou.martin@spf55.org, rights: [read, send_as]}
      - emma.roux@verdun.spf55.org
    directory: {phone: "03 53 01 00 00"}
"""
)

#: The address of each mailbox that lives through both acts, in the first and in the second.
LASTING = {
    "camille.dupont@spf55.org": "camille.dupont@spf55.org",
    "lou.petit@spf55.org": "lou.martin@spf55.org",
    "contact@spf55.org": "contact@spf55.org",
}
