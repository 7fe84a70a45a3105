"""Rules about resources of AWS: the security baseline of an environment."""
