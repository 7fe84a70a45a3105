"""The benchmark of the model server: servers side by side, one table of bars."""
