"""How sign-in says no: AADSTS numbers and their sentences."""

from __future__ import annotations

import datetime as dt
import uuid

from reconcile.sandbox.tenant.https.web import Answer


def refusal(site: str, now: dt.datetime, status: int, number: int, error: str, subject: str) -> Answer:
    """``error`` is OAuth's word, ``number`` Microsoft's, ``subject`` what its sentence names."""
    trace = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}{subject}{now}"))
    stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
    text = _REFUSALS[number].format(subject)
    return Answer(
        status,
        {
            "error": error,
            "error_description": f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {trace} Timestamp: {stamp}",
            "error_codes": [number],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
            "error_uri": f"{site}/error?code={number}",
        },
    )


#: OAuth's word for a refusal, where it is not invalid_client.
ERRORS = {
    65004: ("authorization_declined", 400),
    70000: ("invalid_grant", 400),
    50011: ("invalid_request", 400),
    700016: ("unauthorized_client", 400),
    700054: ("unsupported_response_type", 400),
    9002325: ("invalid_request", 400),
    900144: ("invalid_request", 400),
    70008: ("invalid_grant", 400),
    501481: ("invalid_grant", 400),
    70016: ("authorization_pending", 400),
    70019: ("expired_token", 400),
}

#: The sentences of Microsoft's "Microsoft Entra authentication and authorization error codes".
_REFUSALS = {
    50011: "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the "
    "application.",
    700054: "response_type 'id_token' is not enabled for the application.",
    9002325: "Proof Key for Code Exchange is required for cross-origin authorization code redemption.",
    900144: "The request body must contain the following parameter: '{}'.",
    70008: "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
    "authorization request for this user and resource.",
    501481: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    50012: "Authentication failed. The audience of the client assertion is not this tenant's token endpoint.",
    50027: "The client assertion is not a valid JWT token.",
    65004: "User declined to consent to access the app.",
    70000: "The provided grant is invalid, expired or was used before.",
    70016: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    70019: "Verification code expired. Have the user retry the sign-in.",
    700021: "Client assertion application identifier doesn't match 'client_id' parameter.",
    700024: "Client assertion is not within its valid time range.",
    700027: "The certificate with identifier used to sign the client assertion is not registered on application. "
    "[Reason - The key was not found. Thumbprint of key used by client: '{}'].",
    700211: "No matching federated identity record found for presented assertion issuer '{}'.",
    700212: "No matching federated identity record found for presented assertion audience '{}'.",
    700213: "No matching federated identity record found for presented assertion subject '{}'.",
    7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    70003: "The app requested an unsupported grant type.",
    90002: "Tenant '{}' not found. Check to make sure you have the correct tenant ID and are signing into the correct "
    "cloud.",
    700016: "Application with identifier '{}' was not found in the directory.",
    1002012: "The provided value for scope {} is not valid. Client credential flows must have a scope value with "
    "/.default suffixed to the resource identifier (application ID URI).",
    7000215: "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
    "not the client secret ID, for a secret added to app '{}'.",
}
