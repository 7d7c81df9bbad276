"""A filter-chain gateway: routing, zone-first load balancing and origin protection, strict by default."""
