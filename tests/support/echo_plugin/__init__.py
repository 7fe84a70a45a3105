"""A resource plugin that creates anything: the real engine runs whole programs with it and no cloud.

`install` puts launchers for `aws` and `kubernetes` where the engine looks for plugins.  The plugin accepts
all inputs, makes outputs up (`aws_answers`), and says of each change whether it can be made in place.
It checks nothing that a provider checks, and answers no function.
"""
