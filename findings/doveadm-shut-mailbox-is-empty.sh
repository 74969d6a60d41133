#!/usr/bin/env bash
# Guess:     doveadm fails on a mailbox whose files it may not read, as it does on an unknown folder.
# Version:   Dovecot 2.3.19.1 (Debian 12, dovecot-core 1:2.3.19.1+dfsg1-2.1+deb12u7, from the mirror apt knows).
# Behaviour: `doveadm mailbox status -t "messages vsize" '*'` adds up to nothing and ends with 0, so that a mailbox nobody
#            can open looks like an empty one; without -t there is no line at all, also with exit code 0. Only asking for
#            INBOX by its name fails (75). Over the HTTP API it is the same, there without even the words on stderr; Dovecot
#            2.4.1 does so too. An inventory that believed it would leave a full mailbox behind as empty.
# Output:    open: messages=1 vsize=21 (exit 0)
#            shut: messages=0 vsize=0 (exit 0)
#            shut, folder by folder: nothing (exit 0)
#            shut, INBOX by name: nothing (exit 75)
#
# Ends with 1 when it behaves otherwise. Needs Debian 12 on amd64 and bash; nothing is installed outside a temporary folder.
set -u
version='1:2.3.19.1+dfsg1-2.1+deb12u7'
here=$(mktemp -d) && chmod 755 "$here" && trap 'chmod -R u+rwx "$here"; rm -rf "$here"' EXIT
cd "$here" || exit 2
apt-get download -qq "dovecot-core=$version" libsodium23 libunwind8 libexttextcat-2.0-0 >/dev/null 2>&1 || exit 2
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH="$here/usr/lib/dovecot:$here/usr/lib/x86_64-linux-gnu"

as=()
if [ "$(id -u)" = 0 ]; then # root may read everything
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
mkdir -p home/Maildir/{cur,new,tmp} && printf 'Subject: a\n\nhello\n' >home/Maildir/cur/1.M1.host:2,S
[ "$(id -u)" = 0 ] && chown -R 65534:65534 home
cat >dovecot.conf <<END
base_dir = $here/base
log_path = /dev/null
mail_location = maildir:$here/home/Maildir
first_valid_uid = 1
ssl = no
namespace inbox {
  inbox = yes
}
END
status() { # status WORDS...: what doveadm says on standard output, and how it ends
    said=$("${as[@]}" env HOME="$here/home" USER="$(id -un 65534)" LD_LIBRARY_PATH="$LD_LIBRARY_PATH" \
        "$here/usr/bin/doveadm" -c "$here/dovecot.conf" mailbox status "$@" 2>/dev/null)
    echo "${said:-nothing} (exit $?)"
}
open=$(status -t 'messages vsize' '*')
if [ "$(id -u)" = 0 ]; then chown 0:0 home; fi
chmod 0 home && [ "$(id -u)" = 0 ] && chmod 700 home
shut=$(status -t 'messages vsize' '*')
folders=$(status 'messages vsize' '*')
inbox=$(status 'messages vsize' INBOX)
printf '%s\n' "open: $open" "shut: $shut" "shut, folder by folder: $folders" "shut, INBOX by name: $inbox"
[ "$open | $shut | $folders | $inbox" = \
    'messages=1 vsize=21 (exit 0) | messages=0 vsize=0 (exit 0) | nothing (exit 0) | nothing (exit 75)' ]
