"""What the tenant holds on the first day: the charity's national staff, its administrators and one shared box."""

from __future__ import annotations

from reconcile.sandbox.tenant.world import skus
from reconcile.sandbox.tenant.world.objects import Domain, Permission
from reconcile.sandbox.tenant.world.provisioning import provision
from reconcile.sandbox.tenant.world.world import INITIAL_DOMAIN, NATIONAL_DOMAIN, World

_STAFF = (
    ("Hélène", "Marchand", "Secrétaire générale", "E3"),
    ("Karim", "Benali", "Responsable informatique", "E3"),
    ("Zoé", "Lefèvre", "Chargée de communication", "E3"),
    ("Bruno", "Chastel", "Trésorier national", "E3"),
    ("Inès", "Garnier", "Responsable des bénévoles", "E1"),
    ("Loïc", "Kermadec", "Chargé de mission", "E1"),
    ("Noëlle", "Da Silva", "Comptable", "E1"),
    ("Théo", "Ricard", "Logistique", "E1"),
    ("Anaïs", "Vuillemin", "Accueil", "E1"),
    ("Mamadou", "Diarra", "Partenariats", "E1"),
)


def furnish(world: World) -> None:
    """Fill a new world; everything here is settled, no delay is running."""
    now = world.clock.now()
    for name, initial in ((INITIAL_DOMAIN, True), (NATIONAL_DOMAIN, False)):
        world.domains[name] = Domain(
            name, verified=True, initial=initial, default=not initial, services=["Email", "OfficeCommunicationsOnline"],
            records_from=now, accepted_as="Authoritative",
        )  # fmt: skip
    staff = [_employee(world, *person) for person in _STAFF]
    world.administrators.add(_account(world, "admin", "Administration du tenant", INITIAL_DOMAIN))
    world.administrators.add(_account(world, "bris-de-glace", "Compte de secours", INITIAL_DOMAIN))
    user = _account(world, "contact", "Contact national", NATIONAL_DOMAIN)
    items = world.shared_addresses(f"contact@{NATIONAL_DOMAIN}", "contact")
    box = world.add_mailbox(world.users[user], "contact", "contact", items, shared=True)
    box.access.append(Permission(staff[8], ["FullAccess"]))
    box.send_as.append(staff[8])
    box.on_behalf.append(staff[0])


def _account(world: World, nickname: str, display_name: str, domain: str) -> str:
    values = {
        "accountEnabled": True,
        "displayName": display_name,
        "mailNickname": nickname,
        "userPrincipalName": f"{nickname}@{domain}",
    }
    user = world.add_user(values)
    user.listed_from = user.found_from
    return user.id


def _employee(world: World, given: str, surname: str, title: str, licence: str) -> str:
    plain = f"{given}.{surname}".lower().translate(_PLAIN)
    user = world.users[_account(world, plain, f"{given} {surname}", NATIONAL_DOMAIN)]
    user.values |= {"givenName": given, "surname": surname, "jobTitle": title, "usageLocation": "FR"}
    part = skus.E1 if licence == "E1" else skus.E3
    user.licences[next(sku.id for sku in world.skus.values() if sku.part_number == part)] = []
    provision(world, user)
    return user.id


_PLAIN = str.maketrans("éèëïôîà ", "eeeioia-")
