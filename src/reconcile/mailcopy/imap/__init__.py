"""The IMAP client: connections, commands, and what the answers say of folders and messages.

Everything that reads or writes the wire is here; what is copied, and whether it was before, is decided above.
"""
