"""Rules about who reaches what, and what stands where it can be read."""
