"""SPF (RFC 7208): the record parsed and edited term by term, its lookups counted, and our part of it.

Pure, given a resolver for what other records say.
"""
