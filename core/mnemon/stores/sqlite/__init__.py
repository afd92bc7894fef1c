"""The embedded store: see `store.SQLiteStore`."""
