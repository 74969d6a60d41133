"""Exchange Online's InvokeCommand as the emulated tenant serves it: cmdlets, their parameters, rows and errors.

``invoke_command.py`` is the envelope; one module per family of cmdlets.
"""
