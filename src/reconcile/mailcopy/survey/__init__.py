"""What there is to copy: folders matched and made, both mailboxes compared with the ledger, the rest listed.

``findings`` is what a survey covers and finds; ``comparison`` looks at the messages of the folders that changed.
"""
