"""Letters to federations, in French: templates the postmaster may edit, what they may say, and the message that leaves.

Pure: templates and facts in, bytes out. ``templates/`` holds the texts the tool comes with.
"""
