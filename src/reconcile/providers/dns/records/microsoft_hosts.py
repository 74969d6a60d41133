"""How the MX hosts that Microsoft assigns end, so that a domain already switched is known; none is ever derived."""

MICROSOFT = (".mx.microsoft", ".mail.protection.outlook.com")
