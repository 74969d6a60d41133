"""A plan and a run in Terraform's formats, for the tools that read those: documents and streams of events.

Pure translations; what Terraform has no word for stands under keys of ours.
"""
