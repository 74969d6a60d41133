"""Microsoft 365: directory objects through Graph, mailboxes and their permissions through Exchange's InvokeCommand."""
