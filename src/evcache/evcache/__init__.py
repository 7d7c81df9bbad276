"""A cache replicated over zones, on memcached: reads come from near, and a lost zone goes unnoticed."""
