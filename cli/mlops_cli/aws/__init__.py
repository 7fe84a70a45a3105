"""What the command does in an AWS account: set up the state backend, check the ground, destroy to the end.

boto3 takes a third of a second to import, so only functions of this package import it, when they run.
"""
