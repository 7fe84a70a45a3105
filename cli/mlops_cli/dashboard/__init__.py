"""`mlops dashboard`: one page over an environment's Prometheus."""
