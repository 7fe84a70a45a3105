"""The plugin `mlops`: the components of this package for programs in other languages."""

from pulumi_mlops.component_host import serve

if __name__ == "__main__":
    serve()
