"""What a mailboxes repository's pipeline is made with: its files, and the comment on a pull request."""
