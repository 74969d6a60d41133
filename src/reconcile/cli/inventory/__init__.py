"""``reconcile inventory``: its subcommands, and the sources that reconcile.toml names for each old host."""
