"""What is deleted from images after installation, and why no running program misses it."""

DEBIAN = (
    # An image is replaced, never upgraded in place: the package manager goes. Its list of what is
    # installed (/var/lib/dpkg/status) stays, since vulnerability scanners read it.
    "etc/apt",
    "usr/bin/apt*",
    "usr/bin/dpkg*",
    "usr/sbin/dpkg*",
    "usr/lib/apt",
    "usr/lib/dpkg",
    "usr/share/dpkg",
    "usr/share/debconf",
    "var/lib/apt",
    "var/lib/dpkg/info",
    "var/lib/dpkg/*-old",
    # Perl runs maintainer scripts only.
    "usr/bin/*perl*",
    "usr/lib/*/perl*",
    "usr/lib/*/libperl*",
    "usr/share/perl*",
    # Character sets other than UTF-8, documentation, translations, logs.
    "usr/lib/*/gconv",
    "usr/share/bash-completion",
    "usr/share/doc",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/man",
    "var/cache/*",
    "var/log/*",
    # Device nodes are the container runtime's to make.
    "dev/*",
)

POSTGRES = (
    # The just-in-time compiler is a library that the server loads if it is there (180 MB with LLVM).
    "usr/lib/postgresql/15/lib/llvmjit*",
    "usr/lib/postgresql/15/lib/bitcode",
    "usr/lib/*/libLLVM*",
    "usr/lib/*/libz3*",
    "usr/lib/llvm*",
    # Debian's wrappers in Perl that find a database by name; PATH leads to the programs proper.
    "usr/share/postgresql-common",
    # Sources from which other locales than C.UTF-8 would be made.
    "usr/share/i18n",
    "etc/ssl/private/*",
)

INSTALLER = (
    # Launchers with this machine's interpreter in their first line; the images start modules.
    "bin",
    # Notes of the installer about this machine.
    "*.dist-info/uv_*.json",
    ".lock",
)

PYTHON = (
    *INSTALLER,
    # Test suites of libraries. SciPy's stay whole, and of NumPy's what is no test itself: their `testing`
    # modules import from them.
    "numpy/**/tests/data",
    "numpy/**/tests/test_*.py",
    "pandas/tests",
    "pyarrow/tests",
    "sklearn/**/tests",
    "matplotlib/tests",
    "mpl_toolkits/**/tests",
    "onnx/backend/test",
    "skl2onnx/tutorial",
    # C and C++ headers and Cython sources, for compilers that the images do not have.
    "pyarrow/include",
    "pyarrow/src",
    "numpy/_core/include",
    "numpy/random/lib",
    "simdjson/*.cpp",
    "simdjson/*.h",
    "simdjson/*.p[xy][xdi]",
    # Notes for type checkers.
    "**/*.pyi",
)

DEBUG_SYMBOLS = (
    # Wheels whose makers left symbols in, which are up to 94 % of the file. Others hardly shrink.
    "csimdjson*.so",
    "ml_dtypes/*.so",
    "obstore/*.so",
    "uvloop/*.so",
)

ONNX_RUNTIME_TOOLS = (
    # Converters and samples for training machines; onnxruntime's own __init__ imports none of them.
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
)
