"""First passwords handed to the federations' accounts: encrypted files, each laid once, never in another's place, and
read back; a receipt of each delivery is kept here.
"""
