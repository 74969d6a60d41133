"""What the emulated tenant holds: accounts, mailboxes, addresses and subscriptions.

Directory and Exchange are two stores that take time to agree, as they do at Microsoft.
"""
