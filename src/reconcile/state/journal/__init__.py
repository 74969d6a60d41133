"""What each run did: an intent before each write, an outcome after; read back by federation and as an account of runs.

``replay`` brings a snapshot up to what the journals know.
"""
