"""Services behind the application APIs, one room each; only the APIs know the order of calls."""
