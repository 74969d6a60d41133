"""The files of a mailboxes repository that begins: settings, what git leaves out, an editor's schema.

Pure: what was answered in, texts out.
"""

from reconcile.documents.new_folder.files import Beginning, OldHost, files, settings_text

__all__ = ["Beginning", "OldHost", "files", "settings_text"]
