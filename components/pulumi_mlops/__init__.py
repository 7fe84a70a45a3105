"""Pulumi components for an MLOps platform on Kubernetes.

`Platform` wires all of them; each can be used alone.  Arguments are typed dictionaries, so that programs
in other languages can use the components too (`pulumi package add`).

A name loads the module it is from when it is first used, for most programs use few of them and the SDK's
classes take long to load.  `__init__.pyi` says which names there are.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
