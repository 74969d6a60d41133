"""Copy the mail of one mailbox into another, exactly once."""
