"""AWS's public price lists, cut down: files of the shape that AWS serves, behind a server on this machine."""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ABOUT = (
    ("FormatVersion", "v1.0"),
    ("Disclaimer", "This pricing list is for informational purposes only."),
    ("Publication Date", "2026-11-20T10:00:00Z"),
    ("Version", "20261120100000"),
    ("OfferCode", ""),
)
COLUMNS = (
    "SKU",
    "OfferTermCode",
    "RateCode",
    "TermType",
    "PriceDescription",
    "EffectiveDate",
    "StartingRange",
    "EndingRange",
    "Unit",
    "PricePerUnit",
    "Currency",
    "Product Family",
    "serviceCode",
    "Location",
    "Instance Type",
    "vCPU",
    "Physical Processor",
    "Memory",
    "Volume Type",
    "Tenancy",
    "Operating System",
    "usageType",
    "operation",
    "CapacityStatus",
    "Database Engine",
    "Deployment Option",
    "GPU",
    "Pre Installed S/W",
    "Region Code",
)


def row(usage: str, price: float, **columns: str) -> dict[str, str]:
    """One price on demand of eu-central-1; other columns by name, with `_` for a space."""
    return {
        "SKU": "2223B6PCG6QAUYY6",
        "OfferTermCode": "JRTCKXETXF",
        "TermType": "OnDemand",
        "StartingRange": "0",
        "EndingRange": "Inf",
        "PricePerUnit": f"{price:.10f}",
        "Currency": "USD",
        "usageType": f"EUC1-{usage}",
        "Region Code": "eu-central-1",
        **{name.replace("_", " "): value for name, value in columns.items()},
    }


def machine(name: str, price: float, **columns: str) -> dict[str, str]:
    """A Linux machine of shared tenancy, unless the columns say otherwise."""
    return row(
        f"BoxUsage:{name}",
        price,
        **{
            "Instance_Type": name,
            "vCPU": "4",
            "Memory": "16 GiB",
            "Physical_Processor": "Intel Xeon Scalable (Sapphire Rapids)",
            "Tenancy": "Shared",
            "Operating_System": "Linux",
            "CapacityStatus": "Used",
            "Pre_Installed_S/W": "NA",
            **columns,
        },
    )


def database(name: str, price: float, **columns: str) -> dict[str, str]:
    """A PostgreSQL instance in one zone, unless the columns say otherwise."""
    known = {"Database_Engine": "PostgreSQL", "Deployment_Option": "Single-AZ"}
    return row(f"InstanceUsage:{name}", price, **{**known, **columns})


def offer_file(code: str, rows: Sequence[Mapping[str, str]], about: Sequence[Sequence[str]] = ABOUT) -> str:
    """The file as AWS serves it: every cell in quotes."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([*about[:-1], ("OfferCode", code), COLUMNS] if about else [COLUMNS])
    writer.writerows([[each.get(column, "") for column in COLUMNS] for each in rows])
    return text.getvalue()


@contextmanager
def serving(files: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """A server of files by path: its address, and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = files.get(self.path)
            self.send_response(200 if body is not None else 404)
            self.end_headers()
            self.wfile.write((body or "no").encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
