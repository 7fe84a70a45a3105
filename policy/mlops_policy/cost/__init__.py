"""Rules about what resources cost, and who pays until when."""
