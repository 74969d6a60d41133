"""One SPF record as text (RFC 7208): parse it, add or remove an include, leave every other term as it was."""

from __future__ import annotations

import dataclasses
import ipaddress
import re

from reconcile.language.phrase import Phrase

_VERSION = "v=spf1"
_QUALIFIERS = "+-?~"
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
#: Macro letters of domain specifications (§7.2); c, r and t are for explanations only.
_MACRO = re.compile(r"%\{[slodiphv][0-9]*r?[.\-+,/_=]*\}|%%|%_|%-", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*)=(.*)", re.DOTALL)
_PREFIXES = re.compile(r"(?P<rest>.*?)(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{0,2}))?", re.DOTALL)
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")
_TOP_LABEL = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9]")


class MalformedSpf(ValueError):
    """The record breaks RFC 7208's grammar: every receiver answers permerror. The message says where."""


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """A mechanism or a modifier: ``text`` as written, ``name`` in lower case, ``value`` after ``:``, ``=`` or ``/``.

    ``qualifier`` is one of ``+-?~`` for a mechanism (``+`` when unwritten), empty for a modifier.
    """

    text: str
    name: str
    value: str
    qualifier: str


@dataclasses.dataclass(frozen=True, slots=True)
class SpfRecord:
    """A well-formed record. ``str()`` gives the text back, spacing included."""

    #: The words between single spaces, the version first; a run of spaces shows as empty words.
    words: tuple[str, ...]
    terms: tuple[Term, ...]

    @property
    def effective(self) -> tuple[Term, ...]:
        """The terms a receiver may reach: mechanisms after ``all`` are never evaluated (§5.1)."""
        end = next((at for at, term in enumerate(self.terms) if term.name == "all" and term.qualifier), len(self.terms))
        return tuple(term for at, term in enumerate(self.terms) if at <= end or not term.qualifier)

    @property
    def includes(self) -> tuple[str, ...]:
        """Hosts of the ``include:`` mechanisms that can authorise a sender, lower case, without final dot, sorted."""
        return tuple(sorted({_host(term.value) for term in self.effective if _authorises(term)}))

    def with_include(self, host: str, before: str = "") -> SpfRecord:
        """The record with ``include:host`` before ``all`` and the modifiers, or before the term ``before``.

        Itself when it has it already. One after ``all``, which nobody reads, is taken out.
        """
        if _host(host) in self.includes:
            return self
        unread = {term.text for term in self.terms if term not in self.effective and _authorises(term)}
        unread = {text for text in unread if _host(text.partition(":")[2]) == _host(host)}
        words = tuple(word for word in self.words if word not in unread)
        last = before or next((term.text for term in self.terms if term.name == "all" or not term.qualifier), None)
        at = words.index(last) if last is not None else len(words)
        return parse(" ".join((*words[:at], f"include:{host}", *words[at:])))

    def without_include(self, host: str, default: str = "") -> SpfRecord:
        """The record without any ``include:host``, whatever its qualifier, nor ``redirect=host``; itself without both.

        ``default`` (``~all``) ends a record whose redirect went, and which has no ``all`` of its own.
        """
        gone = {term.text for term in self.terms if _leads_to(term, host)}
        kept = [word for word in self.words if word not in gone]
        redirected = any(term.name == "redirect" and term.text in gone for term in self.terms)
        ends = any(term.name == "all" and term.qualifier for term in self.terms)
        return parse(" ".join([*kept, default] if redirected and default and not ends else kept))

    def says_include(self, host: str) -> bool:
        """Whether any ``include:host`` or ``redirect=host`` stands in it, whatever the qualifier."""
        return any(_leads_to(term, host) for term in self.terms)

    @property
    def redirect(self) -> str:
        """The host of ``redirect=``, lower case; "" without one."""
        return next((_host(term.value) for term in self.terms if term.name == "redirect" and not term.qualifier), "")

    @property
    def default(self) -> str:
        """The ``all`` that ends the record, as written; "" without one."""
        return next((term.text for term in self.effective if term.name == "all" and term.qualifier), "")

    def says_mx(self, domain: str) -> bool:
        """Whether it lets the MX hosts of ``domain``, its own, send (or forbids them)."""
        return any(_own_mx(term, domain) for term in self.terms)

    def with_mx_as(self, hosts: tuple[str, ...], domain: str) -> SpfRecord:
        """The record with ``a:host`` for each host in the place of ``mx``, qualifier and prefix lengths kept.

        Without hosts the term goes: it let nobody send.
        """
        hosts = tuple(dict.fromkeys(map(_host, hosts)))
        frozen = {term.text: _as_addresses(term, hosts) for term in self.terms if _own_mx(term, domain)}
        kept = self.words if hosts else tuple(word for word in self.words if word not in frozen)
        return parse(" ".join(frozen.get(word, word) for word in kept))

    @property
    def authorises_nobody(self) -> bool:
        """No term but ``all`` is left."""
        return all(term.name == "all" for term in self.terms)

    def __str__(self) -> str:
        return " ".join(self.words)


def parse(text: str) -> SpfRecord:
    """Read one record. Raises MalformedSpf for anything the grammar of RFC 7208 §12 does not allow."""
    if not is_spf(text):
        raise MalformedSpf(Phrase("it does not begin with v=spf1"))
    words = tuple(text.split(" "))
    terms = tuple(_term(word) for word in words[1:] if word)
    for name in ("redirect", "exp"):
        if sum(term.name == name and not term.qualifier for term in terms) > 1:
            raise MalformedSpf(Phrase("{name}= stands twice", name=name))
    return SpfRecord(words, terms)


def is_spf(text: str) -> bool:
    """Whether a TXT claims to be SPF: the version alone or followed by a space, in any case (§4.5)."""
    return text.lower() == _VERSION or text.lower().startswith(_VERSION + " ")


def _authorises(term: Term) -> bool:
    return term.name == "include" and term.qualifier == "+"


def _leads_to(term: Term, host: str) -> bool:
    including = term.name == "include" and bool(term.qualifier)
    redirecting = term.name == "redirect" and not term.qualifier
    return (including or redirecting) and _host(term.value) == _host(host)


def _own_mx(term: Term, domain: str) -> bool:
    return term.name == "mx" and bool(term.qualifier) and _host(term.value.split("/")[0]) in ("", _host(domain))


def _as_addresses(mx: Term, hosts: tuple[str, ...]) -> str:
    sign = mx.text[0] if mx.text[0] in _QUALIFIERS else ""
    _, slash, prefix = mx.value.partition("/")
    return " ".join(f"{sign}a:{_host(host)}{slash}{prefix}" for host in hosts)


def _host(value: str) -> str:
    return value.lower().rstrip(".")


def _term(word: str) -> Term:
    if modifier := _MODIFIER.fullmatch(word):
        return _modifier(word, modifier[1].lower(), modifier[2])
    qualifier = word[0] if word[0] in _QUALIFIERS else "+"
    mechanism = word.removeprefix(qualifier) if word[0] in _QUALIFIERS else word
    name = re.split("[:/]", mechanism, maxsplit=1)[0].lower()
    if name not in _MECHANISMS:
        raise MalformedSpf(Phrase("unknown term '{word}'", word=word))
    rest = mechanism[len(name) :]
    _check_mechanism(word, name, rest)
    return Term(word, name, rest.removeprefix(":"), qualifier)


def _modifier(word: str, name: str, value: str) -> Term:
    if name in ("redirect", "exp"):
        _check_domain(word, value)
    else:
        _check_macros(word, value)
    return Term(word, name, value, "")


def _check_mechanism(word: str, name: str, rest: str) -> None:
    if name == "all":
        if rest:
            raise MalformedSpf(Phrase("'{word}': nothing may follow all", word=word))
    elif name in ("ip4", "ip6"):
        _check_network(word, name, rest)
    elif name in ("a", "mx"):
        _check_domain_and_prefixes(word, rest)
    elif rest or name != "ptr":
        if not rest.startswith(":"):
            raise MalformedSpf(Phrase("'{word}': a domain is missing", word=word))
        _check_domain(word, rest[1:])


def _check_network(word: str, name: str, rest: str) -> None:
    address, slash, prefix = rest.removeprefix(":").partition("/")
    family, longest = (ipaddress.IPv4Address, 32) if name == "ip4" else (ipaddress.IPv6Address, 128)
    try:
        family(address)
    except ValueError:
        raise MalformedSpf(Phrase("'{word}': not an address", word=word)) from None
    if not rest.startswith(":") or "%" in address or (slash and not _is_prefix(prefix, longest)):
        raise MalformedSpf(Phrase("'{word}': not a network", word=word))


def _check_domain_and_prefixes(word: str, rest: str) -> None:
    parts = _PREFIXES.fullmatch(rest)
    if parts is None:
        raise MalformedSpf(Phrase("'{word}': not a domain nor a prefix length", word=word))
    four, six, domain = parts["four"], parts["six"], parts["rest"]
    if (four and not _is_prefix(four, 32)) or (six and not _is_prefix(six, 128)):
        raise MalformedSpf(Phrase("'{word}': prefix too long", word=word))
    if domain:
        if not domain.startswith(":"):
            raise MalformedSpf(Phrase("'{word}': not a domain nor a prefix length", word=word))
        _check_domain(word, domain[1:])


def _is_prefix(text: str, longest: int) -> bool:
    return _PREFIX.fullmatch(text) is not None and int(text) <= longest


def _check_domain(word: str, domain: str) -> None:
    """A domain-spec: macros and visible characters, ending in a macro or in a top label."""
    _check_macros(word, domain)
    body = domain.removesuffix(".")
    if any(body.endswith(found) for found in _MACRO.findall(domain)):
        return
    rest, dot, top = body.rpartition(".")
    if not (rest and dot and _TOP_LABEL.fullmatch(top)):
        raise MalformedSpf(Phrase("'{word}': not a domain", word=word))


def _check_macros(word: str, text: str) -> None:
    plain = _MACRO.sub("", text)
    if "%" in plain or not all("!" <= char <= "~" for char in plain):
        raise MalformedSpf(Phrase("'{word}': a macro or a character that is not allowed", word=word))
