"""One description of a mail host, written in the words of each release of Dovecot."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.sandbox.imap.configuration import Settings, write_configuration
from reconcile.sandbox.imap.installed import Installed

PROGRAM = Path("/usr/sbin/dovecot")

#: The words of 2.4, and 2.3's for the same.
SAID_DIFFERENTLY: list[tuple[Settings, str]] = [
    ({"ssl_server_cert_file": "/c.pem"}, "ssl_cert = </c.pem"),
    ({"ssl_server_key_file": "/k.pem"}, "ssl_key = </k.pem"),
    ({"auth_allow_cleartext": True}, "disable_plaintext_auth = no"),
    ({"mail_driver": "sdbox", "mail_path": "~/sdbox"}, "mail_location = sdbox:~/sdbox"),
    (
        {"mail_driver": "maildir", "mail_path": "~/M", "mailbox_list_layout": "fs"},
        "mail_location = maildir:~/M:LAYOUT=fs",
    ),
    (
        {"namespace public": {"mail_driver": "maildir", "mail_path": "/public", "mailbox_list_layout": "fs"}},
        "namespace public {\n  location = maildir:/public:LAYOUT=fs\n}",
    ),
    ({"mail_home": "/mail/%{user | lower}"}, "mail_home = /mail/%Lu"),
    ({"service imap": {"restart_request_count": "unlimited"}}, "service imap {\n  service_count = 0\n}"),
    (
        {"passdb one": {"driver": "passwd-file", "passwd_file_path": "/masters", "master": True}},
        "passdb {\n  driver = passwd-file\n  args = /masters\n  master = yes\n}",
    ),
    (
        {"passdb static": {"static_password": "pw", "mechanisms_filter": "plain"}},
        "passdb {\n  driver = static\n  args = password=pw\n  mechanisms = plain\n}",
    ),
    (
        {"userdb static": {"static_allow_all_users": True, "fields": {"uid": 8, "home": "/mail/%{user}"}}},
        "userdb {\n  driver = static\n  args = allow_all_users=yes uid=8 home=/mail/%u\n}",
    ),
    (
        {"mail_plugins": {"quota": True}, "quota User": {"storage_size": "2K"}, "quota_mail_size": "1K"},
        """mail_plugins = quota
plugin {
  quota = count:User
  quota_vsizes = yes
  quota_rule = *:storage=2K
  quota_max_mail_size = 1K
}""",
    ),
    ({"imap_capability": "IMAP4rev1 MOVE"}, "imap_capability = IMAP4rev1 MOVE"),
]


def written(settings: Settings, release: tuple[int, int], folder: Path) -> str:
    return write_configuration(settings, Installed(PROGRAM, release), folder).read_text()


@pytest.mark.parametrize(("settings", "expected"), SAID_DIFFERENTLY, ids=lambda value: next(iter(value), ""))
def test_2_3_gets_its_own_words(settings: Settings, expected: str, tmp_path: Path) -> None:
    assert written(settings, (2, 3), tmp_path).strip() == expected


def test_2_4_is_told_first_whose_defaults_are_meant(tmp_path: Path) -> None:
    lines = written({"protocols": "imap", "service imap": {"process_limit": 5}}, (2, 4), tmp_path).splitlines()
    assert lines == [
        "dovecot_config_version = 2.4.0",
        "dovecot_storage_version = 2.4.0",
        "protocols = imap",
        "service imap {",
        "  process_limit = 5",
        "}",
    ]


def test_2_3_gets_queries_in_files_of_their_own(tmp_path: Path) -> None:
    settings: Settings = {
        "sql_driver": "sqlite",
        "sqlite_path": "/accounts.sqlite",
        "passdb sql": {"sql_query": "SELECT password FROM account WHERE login = '%{user | lower}'"},
        "userdb sql": {"sql_query": "SELECT home FROM account WHERE login = '%{user}'"},
    }
    main = written(settings, (2, 3), tmp_path)
    assert f"passdb {{\n  driver = sql\n  args = {tmp_path}/passdb-sql.conf\n}}" in main
    assert "sqlite" not in main.replace("passdb-sql", "")
    assert (tmp_path / "passdb-sql.conf").read_text().splitlines() == [
        "driver = sqlite",
        "connect = /accounts.sqlite",
        "password_query = SELECT password FROM account WHERE login = '%Lu'",
    ]
    assert "user_query = SELECT home FROM account WHERE login = '%u'" in (tmp_path / "userdb-sql.conf").read_text()
