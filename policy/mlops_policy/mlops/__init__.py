"""Rules about endpoints that serve models."""
