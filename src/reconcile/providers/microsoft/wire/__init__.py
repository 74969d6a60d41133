"""Microsoft's services over HTTPS: sign-in, Graph, Exchange's InvokeCommand, their quotas and their refusals.

Only ``graph.py`` knows Graph's wire format, only ``exchange.py`` InvokeCommand's.
"""
