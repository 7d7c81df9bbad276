"""The application APIs: the only place that knows the order of calls."""
