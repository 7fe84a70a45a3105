"""`mlops cost` and `mlops refresh-prices`."""
