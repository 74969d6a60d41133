"""What Dovecot 2.3 calls the settings of 2.4, and where it wants them.

Only what the two releases say differently stands here; every other setting passes as it is. From the list of changes
at doc.dovecot.org, "Upgrading Dovecot CE from 2.3 to 2.4".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_RENAMED = {
    "ssl_server_cert_file": "ssl_cert",
    "ssl_server_key_file": "ssl_key",
    "restart_request_count": "service_count",
    "mechanisms_filter": "mechanisms",
    "username_validation_format": "username_format",
}
#: Only 2.4 has these.
_UNKNOWN = {"client_secret"}

_Tree = Mapping[str, Any]


def as_2_3(settings: _Tree, folder: Path) -> tuple[_Tree, Mapping[str, _Tree]]:
    """The same in 2.3's words, and the files it wants in ``folder`` for SQL queries and OAuth 2, by name."""
    beside: dict[str, _Tree] = {}
    return _Translation(settings, folder, beside).of(settings), beside


class _Translation:
    def __init__(self, top: _Tree, folder: Path, beside: dict[str, _Tree]) -> None:
        self._database = {"driver": top.get("sql_driver"), "connect": top.get("sqlite_path")}
        self._tokens = "oauth2" in top
        self._folder = folder
        self._beside = beside

    def of(self, settings: _Tree, section: str = "") -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, value in settings.items():
            kind, _, its_name = name.partition(" ")
            if kind in ("passdb", "userdb") and isinstance(value, Mapping):
                written[_blank(written, kind)] = self._accounts(kind, its_name, value)
            elif kind == "quota" and isinstance(value, Mapping):
                written.setdefault("plugin", {}).update(_quota(its_name, value))
            elif name == "quota_mail_size":
                written.setdefault("plugin", {})["quota_max_mail_size"] = value
            elif name == "oauth2" and isinstance(value, Mapping):
                written[_blank(written, "passdb")] = self._token_gate(value)
            elif name == "mail_plugins" and isinstance(value, Mapping):
                written[name] = " ".join(plugin for plugin, on in value.items() if on)
            elif name == "mail_driver":
                written["location" if section == "namespace" else "mail_location"] = _location(settings)
            elif name == "auth_allow_cleartext":
                written["disable_plaintext_auth"] = not value
            elif isinstance(value, Mapping):
                written[name] = self.of(value, kind)
            elif name not in ("mail_path", "mailbox_list_layout", "sql_driver", "sqlite_path", *_UNKNOWN):
                written[_RENAMED.get(name, name)] = _value(name, value)
        return written

    def _accounts(self, kind: str, name: str, settings: _Tree) -> _Tree:
        """2.3 has one line ``args`` for what 2.4 has settings for, and its SQL queries in a file of their own."""
        driver = settings.get("driver", name)
        fields = {field: _value(field, value) for field, value in settings.get("fields", {}).items()}
        if driver == "sql":
            file = f"{kind}-{name}.conf"
            query = {"password_query" if kind == "passdb" else "user_query": _value("sql_query", settings["sql_query"])}
            if "sql_iterate_query" in settings:
                query["iterate_query"] = settings["sql_iterate_query"]
            self._beside[file] = {**self._database, **query}
            arguments = str(self._folder / file)
        elif driver == "static":
            own = {option: value for option, value in settings.items() if option.startswith("static_")}
            options = {option.removeprefix("static_"): value for option, value in own.items()}
            arguments = " ".join(f"{option}={_word(value)}" for option, value in {**options, **fields}.items())
        else:
            arguments = settings["passwd_file_path"]
        inside = {
            "driver",
            "sql_query",
            "sql_iterate_query",
            "static_password",
            "static_allow_all_users",
            "fields",
            "passwd_file_path",
        }
        rest = self.of({option: value for option, value in settings.items() if option not in inside})
        if self._tokens and kind == "passdb":
            rest = {"skip": "unauthenticated", "result_failure": "return-fail", **rest}
            rest.setdefault("result_internalfail", "return-fail")
            if settings.get("deny"):  # there the gate below refuses already whom it does not know
                del rest["result_failure"]
        return {"driver": driver, "args": arguments, **rest}

    def _token_gate(self, settings: _Tree) -> _Tree:
        """2.4 checks tokens before it looks at any passdb; in 2.3 that is the first of them."""
        keys = settings["oauth2_local_validation"]["dict fs"]["fs posix"]["prefix"]
        rest = self.of({name: value for name, value in settings.items() if name != "oauth2_local_validation"})
        self._beside["oauth2.conf"] = {**rest, "local_validation_key_dict": f"fs:posix:prefix={keys}"}
        onwards = {"result_success": "continue", "result_failure": "return-fail", "result_internalfail": "return-fail"}
        mechanisms = "xoauth2 oauthbearer"
        return {"driver": "oauth2", "mechanisms": mechanisms, "args": str(self._folder / "oauth2.conf"), **onwards}


def _blank(written: _Tree, kind: str) -> str:
    """A name for one more section of a kind whose sections bear none in 2.3."""
    return kind + " " * sum(1 for name in written if name.rstrip() == kind)


def _location(settings: _Tree) -> str:
    layout = f":LAYOUT={settings['mailbox_list_layout']}" if "mailbox_list_layout" in settings else ""
    return f"{settings['mail_driver']}:{settings['mail_path']}{layout}"


def _quota(name: str, settings: _Tree) -> _Tree:
    root = name.strip('"')
    return {"quota": f"count:{root}", "quota_vsizes": True, "quota_rule": f"*:storage={settings['storage_size']}"}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, str):
        value = re.sub(r"%\{user ?\| ?lower\}", "%Lu", value)
        # A constant switches the comparison off, as 2.4's comparing a name with itself does.
        value = value.replace("%{event:user}", "any").replace("%{user}", "%u")
        if name in ("ssl_server_cert_file", "ssl_server_key_file"):
            return f"<{value}"
        if value == "unlimited":
            return 0
    return value


def _word(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
