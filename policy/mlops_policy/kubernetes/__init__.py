"""Rules about objects of Kubernetes, whoever makes them."""
