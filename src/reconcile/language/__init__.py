"""What is said to people, and in which language. What programs read (JSON, codes, addresses, keys) never comes here."""
