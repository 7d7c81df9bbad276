"""What stands between the browser and the application APIs: load balancer and gateways."""
