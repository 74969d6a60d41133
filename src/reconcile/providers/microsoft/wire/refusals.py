"""A Microsoft service said no: its own code kept apart from the sentence the postmaster reads."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.address import Address


class Refused(Exception):
    """A request the service understood and would not carry out.

    ``code`` is what callers decide by: Graph's ``error.code`` or the last part of Exchange's .NET exception type.
    ``target`` is the property at fault when the service names one; ``request_id`` is what Microsoft's support asks for.
    """

    def __init__(self, service: str, status: int, code: str, text: str, target: str = "", request_id: str = "") -> None:
        super().__init__(f"{service} {status} {code}: {text}")
        self.service = service
        self.status = status
        self.code = code
        self.text = text
        self.target = target
        self.request_id = request_id

    def says(self, *words: str) -> bool:
        """Whether the text holds one of these, in any case. For answers whose code alone says too little."""
        return any(word.lower() in self.text.lower() for word in words)


#: The code of an answer that is none of the service's.
UNREADABLE = "Unreadable"


class LostAnswer(Exception):
    """A write was sent and its answer never came: it may or may not have been carried out. Settle it by reading."""


def explained(refused: Refused, address: Address) -> Problem:
    """The refusal as a sentence about ``address``, with the next step."""
    code, sentence, hint = _meaning(refused)
    request = (
        Phrase(" ({service} request {request_id})", service=refused.service, request_id=refused.request_id)
        if refused.request_id
        else ""
    )
    return Problem(
        code, Phrase("{key}: {sentence}{request}", key=address.key, sentence=sentence, request=request), hint
    )


def _meaning(refused: Refused) -> tuple[str, str, str]:
    if refused.code == "Directory_QuotaExceeded":
        return (
            "M365-31",
            Phrase("the tenant holds as many objects as it may, deleted ones of thirty days included."),
            Phrase("delete some for good in the admin centre, or ask Microsoft for a larger quota"),
        )
    if refused.status in (401, 403) or refused.code == "Authorization_RequestDenied":
        return (
            "M365-03",
            Phrase(
                "{service} does not allow the application to do this: {text}",
                service=refused.service,
                text=refused.text,
            ),
            Phrase(
                "check its permissions and Exchange role (they take an hour); administrators' accounts are out of reach"
            ),
        )
    if holds_address(refused):
        return (
            "M365-10",
            Phrase("an address is already held by another object of the tenant: {text}", text=refused.text),
            Phrase("free the address there, or take it out of the federation file"),
        )
    if refused.says("invalid usage location"):
        return (
            "M365-30",
            Phrase("the account has no country, without which it can have no licence."),
            Phrase("set usage_location in reconcile.toml, then apply again"),
        )
    if refused.code == "ManagementObjectAmbiguousException":
        return (
            "M365-32",
            Phrase("several objects of the tenant go by this name."),
            Phrase("give them names of their own in Exchange"),
        )
    if refused.says("Enable-OrganizationCustomization"):
        return (
            "M365-33",
            Phrase("the tenant was never opened to customisation."),
            Phrase("let an administrator run Enable-OrganizationCustomization once, in Exchange's PowerShell"),
        )
    if refused.says("does not have any available licenses"):
        return "M365-12", Phrase("no seat is left for this licence."), Phrase("buy or free a licence, then apply again")
    if refused.says("does not have a corresponding license"):
        return (
            "M365-35",
            Phrase("its licence cannot be taken away from it: a group gives it."),
            Phrase("take the account out of that group, or the licence from the group, then apply again"),
        )
    if refused.says("password does not comply"):
        return (
            "M365-24",
            Phrase("the tenant refused the generated password."),
            Phrase("check the tenant's password rules"),
        )
    if refused.says("used elsewhere in Office 365"):
        return (
            "M365-21",
            Phrase("the domain belongs to another Microsoft tenant."),
            Phrase("its owner must remove it there first; ask the federation who signed up with it"),
        )
    if refused.code == "NotAcceptedDomainException":
        return "M365-22", Phrase("Exchange does not accept this domain yet."), Phrase("apply again in a few minutes")
    if refused.says("one of the verified domain names"):
        return (
            "M365-22",
            Phrase("its domain is not verified in the tenant."),
            Phrase("apply the domain and its verification first"),
        )
    if refused.code in ("ManagementObjectNotFoundException", "Request_ResourceNotFound"):
        sentence = Phrase(
            "{service} does not know this object (yet): {text}", service=refused.service, text=refused.text
        )
        return "M365-17", sentence, Phrase("apply again in a few minutes")
    if refused.status in (412, 428):
        return (
            "M365-15",
            Phrase("somebody changed it at the same moment; nothing was written."),
            Phrase("make a new plan"),
        )
    if refused.code == "ADObjectAlreadyExistsException":
        return (
            "M365-23",
            Phrase("an object of that name exists already: {text}", text=refused.text),
            Phrase("make a new plan: it will offer to adopt it, if it has this address"),
        )
    if refused.code == UNREADABLE:
        return (
            "M365-04",
            Phrase(
                "{service} answers otherwise than Microsoft describes: {text}",
                service=refused.service,
                text=refused.text,
            ),
            Phrase("nothing was concluded from it; run it again later, and report it if it stays"),
        )
    if refused.code in _OUR_FAULT or refused.says("can't be empty"):
        return (
            "M365-34",
            Phrase("{service} does not take what it was asked: {text}", service=refused.service, text=refused.text),
            Phrase("look at what the file says of this address; if it looks right, report this with the request's id"),
        )
    hint = Phrase("ask Microsoft's support, with the request's id")
    return (
        "M365-40",
        Phrase("{service} refused: {code}: {text}", service=refused.service, code=refused.code, text=refused.text),
        hint,
    )


#: What is wrong with the question, not with the tenant.
_OUR_FAULT = frozenset(
    {
        "BadRequest",
        "ParameterBindingException",
        "RecipientTaskException",
        "Request_InvalidDataContractVersion",
        "Request_UnsupportedQuery",
        "TaskInvalidOperationException",
        "UnprocessableEntity",
    }
)


def holds_address(refused: Refused) -> bool:
    """Whether an address of the object is somebody else's, however the service says it."""
    if refused.code in _HELD:
        return True
    return refused.says("Another object with the same value", "ExternalDirectoryObjectId was not returned")


_HELD = frozenset(
    {
        "ConflictingObjects",
        "NameNotAvailableException",
        "ObjectConflict",
        "PropertyConflict",
        "ProxyAddressExistsException",
        "WLCDManagedMemberExistsException",
    }
)
