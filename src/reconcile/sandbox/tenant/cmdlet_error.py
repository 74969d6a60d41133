"""How a cmdlet says no: the exception's .NET type is what tells cases apart, the HTTP status is not."""

from __future__ import annotations

import hashlib
from typing import Any

_NAMESPACES = {
    "ADObjectAlreadyExistsException": "Microsoft.Exchange.Data.Directory",
    "ArgumentException": "System",
    "ArgumentOutOfRangeException": "System",
    "InvalidOperationException": "System",
    "ManagementObjectAmbiguousException": "Microsoft.Exchange.Configuration.Tasks",
    "ManagementObjectNotFoundException": "Microsoft.Exchange.Configuration.Tasks",
    "NotAcceptedDomainException": "Microsoft.Exchange.Management.Common",
    "ParameterBindingException": "System.Management.Automation",
    "ProxyAddressExistsException": "Microsoft.Exchange.Data.Directory",
    "RecipientTaskException": "Microsoft.Exchange.Configuration.Tasks",
    "ServerBusyException": "Microsoft.Exchange.Data.Storage",
    "WLCDManagedMemberExistsException": "Microsoft.Exchange.Management.RecipientTasks",
}
_NOT_FOUND = "ManagementObjectNotFoundException"


class CmdletError(Exception):
    """A refusal. ``kind`` is the exception's name without its namespace."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    @property
    def status(self) -> int:
        return 404 if self.kind == _NOT_FOUND else 400

    def body(self, *, english: bool = True) -> dict[str, Any]:
        """The envelope. Its sentence is in the tenant's language unless English was asked for."""
        message = self.message if english else "L'opération n'a pas pu être effectuée."
        kind = f"{_NAMESPACES[self.kind]}.{self.kind}"
        mark = "Ex" + hashlib.sha256(kind.encode()).hexdigest()[:6].upper()
        return {
            "error": {
                "code": "NotFound" if self.status == 404 else "BadRequest",
                "message": "Error executing cmdlet",
                "details": [{"code": "Context", "target": "", "message": f"{mark}|{kind}|{message}"}],
                "innererror": {
                    "message": "Error executing cmdlet",
                    "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                    "stacktrace": "",
                    "internalexception": {"message": message, "type": kind, "stacktrace": ""},
                },
            },
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": [],
        }


def unknown_object(identity: str) -> CmdletError:
    return CmdletError(
        _NOT_FOUND,
        f"The operation couldn't be performed because object '{identity}' couldn't be found on "
        "'PR0P264A01DC001.FRAP264A001.PROD.OUTLOOK.COM'.",
    )
