#!/usr/bin/env bash
# Guess:     Hypothesis with derandomize=True draws the same examples of a test each time: they follow from the test alone.
# Version:   Hypothesis 6.170.15 (PyPI), Python 3.11 or later.
# Behaviour: Among what it draws are the literals of every local module imported by then. The same test draws other
#            examples alone than beside a module it has nothing to do with, thus other ones alone than in a whole suite or
#            in one worker of several: it may fail only there, and pass when it is run again by itself.
# Output:    alone, twice: same
#            beside an unrelated module: different
#            literals of that module among what was drawn: yes
#
# Ends with 1 when it behaves otherwise. Needs python3 with venv; nothing is installed outside a temporary folder.
set -u
here=$(mktemp -d) && trap 'rm -rf "$here"' EXIT
cd "$here" || exit 2
python3 -m venv venv >/dev/null && venv/bin/pip install -q hypothesis==6.170.15 >/dev/null 2>&1 || exit 2
printf 'WORDS = [%s]\n' "$(for n in $(seq 200); do printf '"marker-%s", ' "$n"; done)" >unrelated.py
cat >draw.py <<'END'
import importlib
import sys

from hypothesis import given, settings, strategies as st

for name in sys.argv[1:]:
    importlib.import_module(name)


@settings(derandomize=True, max_examples=200, database=None)
@given(st.text())
def show(text):
    print(ascii(text))


show()
END
venv/bin/python draw.py >first
venv/bin/python draw.py >second
venv/bin/python draw.py unrelated >beside
twice=different beside=different seen=no
cmp -s first second && twice=same
cmp -s first beside && beside=same
grep -q marker- beside && ! grep -q marker- first && seen=yes
printf '%s\n' "alone, twice: $twice" "beside an unrelated module: $beside" \
    "literals of that module among what was drawn: $seen"
[ "$twice | $beside | $seen" = 'same | different | yes' ]
