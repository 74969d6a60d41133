"""Where snapshots are kept: a folder, a bucket of a cloud, PostgreSQL, GitLab's and Gitea's http state.

``store`` says what each of them promises; ``locations`` opens the one that reconcile.toml names.
"""
