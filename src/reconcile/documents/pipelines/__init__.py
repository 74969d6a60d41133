"""The workflow files of a mailboxes repository: plan on each pull request, apply after the merge, the eves, drift.

Pure: what a network declares in, texts out.
"""
