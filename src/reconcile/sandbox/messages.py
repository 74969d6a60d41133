"""The text of single messages, byte by byte: ordinary ones, and the odd ones twenty years of mail leave behind."""

from __future__ import annotations

import base64
import datetime as dt
import email.header
import email.utils
import itertools
import quopri
import random
from collections.abc import Callable, Iterator

_PEOPLE = (
    "Élodie Garçon", "Jean-Noël Häfner", "Fatoumata Traoré", "Loïc Le Goff", "Zoé Müller", "Raphaël N'Diaye",
    "Mme Beauvais", "Association Les Œillets", "Mairie – service vie associative", "Œuvres sociales",
)  # fmt: skip
_SUBJECTS = (
    "Collecte alimentaire de samedi", "Re: planning des permanences", "Convocation à l'assemblée générale",
    "Tr: facture d'électricité du local", "Goûter de Noël – liste des enfants", "Été solidaire : transports",
    "Demande d'aide d'urgence", "Re: Re: clés du camion", "Braderie : besoin de bras", "Reçus fiscaux 2018",
    "Compte rendu du comité du 12", "Don d'un piano droit", "Cœur de ville : demande de subvention",
)  # fmt: skip
_SENTENCES = (
    "Bonjour à toutes et à tous,", "Le camion passera vers 8 h 30, merci d'être à l'heure.",
    "Nous avons reçu 340 kg de denrées, dont 12 cartons de lait infantile.", "Qui peut tenir la permanence de jeudi ?",
    "La mairie nous prête la salle jusqu'à 22 h.", "Il reste 1 250 € sur la ligne « vacances ».",
    "Pensez à signer la feuille d'émargement.", "Ci-joint le document demandé.", "Merci encore pour votre aide !",
    "La famille viendra chercher le colis lundi après-midi.", "À bientôt,",
)  # fmt: skip
#: Paris in winter and summer, La Réunion, Guadeloupe, Nouméa.
_ZONES = (1, 2, 1, 2, 4, -4, 11)


def ordinary_message(address: str, sent: dt.datetime, chance: random.Random, *, outgoing: bool) -> bytes:
    """A letter to the address, or from it; every fourth or so carries an attachment. Lines end with LF."""
    sent = sent.astimezone(dt.timezone(dt.timedelta(hours=chance.choice(_ZONES))))
    other = _correspondent(chance)
    sender, recipient = (_mailbox(address), other) if outgoing else (other, _mailbox(address))
    headers = [
        f"From: {sender}",
        f"To: {recipient}",
        f"Subject: {_encoded(chance.choice(_SUBJECTS))}",
        f"Date: {email.utils.format_datetime(sent)}",
        f"Message-ID: <{chance.getrandbits(64):016x}@courrier.example>",
        "MIME-Version: 1.0",
    ]
    build = chance.choices((_plain, _alternative, _with_attachment), (5, 3, 2))[0]
    return "\n".join(headers).encode() + b"\n" + build(chance)


def odd_messages(address: str, chance: random.Random) -> Iterator[bytes]:
    """One oddity after another, round and round, from a place that differs between mailboxes."""
    start = chance.randrange(len(_ODDITIES))
    for oddity in itertools.islice(itertools.cycle(_ODDITIES), start, None):
        yield oddity(address, chance)


def _plain(chance: random.Random) -> bytes:
    text = _letter(chance).encode()
    return b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + text


def _alternative(chance: random.Random) -> bytes:
    text = _letter(chance)
    html = "<html><body>" + "".join(f"<p>{line}</p>\n" for line in text.splitlines() if line) + "</body></html>\n"
    return _multipart(
        "alternative",
        chance,
        _quoted("text/plain; charset=iso-8859-15", text.replace("–", "-").encode("iso-8859-15", "replace")),
        _quoted("text/html; charset=utf-8", html.encode()),
    )


def _with_attachment(chance: random.Random) -> bytes:
    name, kind, magic = chance.choice(
        (("reçu.pdf", "application/pdf", b"%PDF-1.4\n"), ("affiche été.png", "image/png", b"\x89PNG\r\n\x1a\n"))
    )
    content = magic + chance.randbytes(chance.choice((900, 4_000, 12_000, 45_000)))
    encoded = email.utils.encode_rfc2231(name, "utf-8")
    attachment = (
        f"Content-Type: {kind}\nContent-Disposition: attachment; filename*={encoded}\n"
        "Content-Transfer-Encoding: base64\n\n"
    ).encode() + base64.encodebytes(content)
    return _multipart("mixed", chance, _quoted("text/plain; charset=utf-8", _letter(chance).encode()), attachment)


def _multipart(subtype: str, chance: random.Random, *parts: bytes) -> bytes:
    boundary = f"=_{chance.getrandbits(64):016x}"
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n'.encode()
    body = b"".join(b"--%b\n%b\n" % (boundary.encode(), part) for part in parts)
    return head + body + f"--{boundary}--\n".encode()


def _quoted(content_type: str, content: bytes) -> bytes:
    head = f"Content-Type: {content_type}\nContent-Transfer-Encoding: quoted-printable\n\n"
    return head.encode() + quopri.encodestring(content)


def _letter(chance: random.Random) -> str:
    return "\n".join(["Bonjour,", "", *chance.sample(_SENTENCES, chance.randrange(2, 7)), "", "Fraternellement"]) + "\n"


def _correspondent(chance: random.Random) -> str:
    return f"{_encoded(chance.choice(_PEOPLE))} <contact{chance.randrange(900)}@example.org>"


def _mailbox(address: str) -> str:
    return address if "@" in address else f"{address}@mutualise.example"


def _encoded(text: str) -> str:
    return text if text.isascii() else email.header.Header(text, "utf-8", maxlinelen=200).encode()


# ---- the odd ones

_HEAD = "From: Ancien client <ancien@example.net>\nTo: {to}\nSubject: {subject}\nDate: Tue, 4 Mar 2014 07:05:09 +0100\n"


def _headed(address: str, subject: str, more: str = "") -> bytes:
    return (_HEAD.format(to=_mailbox(address), subject=subject) + more).encode()


def _without_message_id(address: str, chance: random.Random) -> bytes:
    return _headed(address, f"Sans identifiant {chance.randrange(1000)}") + b"\nbonjour\n"


def _same_message_id(address: str, chance: random.Random) -> bytes:
    """Two letters may share an identifier and still be two letters."""
    identity = f"Message-ID: <toujours-le-meme@{_mailbox(address).partition('@')[2]}>\n"
    return _headed(address, "Lettre d'information", identity) + f"\nnuméro {chance.randrange(10**6)}\n".encode()


def _exact_twin(address: str, _chance: random.Random) -> bytes:
    return _headed(address, "Accusé de lecture", "Message-ID: <jumeau@example.net>\n") + b"\nlu\n"


def _raw_accents_in_headers(address: str, chance: random.Random) -> bytes:
    head = _headed(address, "§", f"Message-ID: <brut-{chance.getrandbits(32)}@example.net>\n")
    return head.replace("§".encode(), "Réunion à l'école d'été".encode("latin-1")) + b"\nvoil\xe0\n"


def _very_long_line(address: str, chance: random.Random) -> bytes:
    return _headed(address, "Une seule ligne") + b"\n" + b"mot " * chance.randrange(2000, 2400) + b"\n"


def _no_final_newline(address: str, chance: random.Random) -> bytes:
    return _headed(address, "Coupé net") + f"\nfin sans retour {chance.randrange(1000)}".encode()


def _headers_alone(address: str, chance: random.Random) -> bytes:
    return _headed(address, "(vide)", f"Message-ID: <vide-{chance.getrandbits(32)}@example.net>\n")


def _body_alone(_address: str, chance: random.Random) -> bytes:
    return f"\nUn fax du {chance.randrange(1, 28)} mars, sans aucun en-tête.\n".encode()


def _bare_carriage_returns(address: str, chance: random.Random) -> bytes:
    return _headed(address, "Retour chariot") + f"\navancement\r10 %\r{chance.randrange(100)} %\n".encode()


def _impossible_date(address: str, chance: random.Random) -> bytes:
    head = _headed(address, "Horloge en panne", f"Message-ID: <heure-{chance.getrandbits(32)}@example.net>\n")
    return head.replace(b"Tue, 4 Mar 2014 07:05:09 +0100", b"Lun, 32 Jan 1970 25:61:00") + b"\n?\n"


def _a_message_in_a_message(address: str, chance: random.Random) -> bytes:
    inner = b"Content-Type: message/rfc822\n\n" + ordinary_message(
        address, dt.datetime(2016, 5, 1, tzinfo=dt.UTC), chance, outgoing=False
    )
    return _headed(address, "Tr: à classer", "MIME-Version: 1.0\n") + _multipart("mixed", chance, inner)


_ODDITIES: tuple[Callable[[str, random.Random], bytes], ...] = (
    _without_message_id, _same_message_id, _very_long_line, _exact_twin, _raw_accents_in_headers, _no_final_newline,
    _same_message_id, _body_alone, _exact_twin, _bare_carriage_returns, _headers_alone, _impossible_date,
    _a_message_in_a_message,
)  # fmt: skip
