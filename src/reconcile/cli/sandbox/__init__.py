"""``reconcile sandbox``: the outside world on this machine, started, shown, changed by hand and stopped.

``seed`` says what it holds, from the federation files of this folder.
"""
