"""Mail on its way in the sandbox: the network between its hosts, which routes by the sandbox's DNS, and the tenant's
own SMTP, which decides as Exchange does.
"""
