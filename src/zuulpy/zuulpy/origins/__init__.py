"""Origins: who is asked, over which connection, and when again."""
