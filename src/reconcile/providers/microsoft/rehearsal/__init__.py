"""What can be known of a federation's move before the day, without changing anything in the tenant.

Who holds the domain, what was granted to the application, and which objects bear the addresses.
"""
