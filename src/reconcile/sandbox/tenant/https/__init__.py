"""The HTTPS server below the emulated services.

Requests and answers, the certificate authority, and traffic recorded as HAR.
"""
