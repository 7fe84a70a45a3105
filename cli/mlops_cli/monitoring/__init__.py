"""What an environment's Prometheus, Alertmanager and pods' logs say, read from the terminal."""
