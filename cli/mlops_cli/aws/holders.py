"""Who holds a security group, subnet or network that AWS does not let go: the network interfaces in it."""

from __future__ import annotations

from collections.abc import Iterable

from mlops_cli.aws.access import Account

_FILTERS = {"sg": "group-id", "subnet": "subnet-id", "vpc": "vpc-id", "eni": "network-interface-id"}


def holders(account: Account, ids: Iterable[str]) -> list[str]:
    """A line for each network interface that belongs to any of the ids; empty where it may not be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    ec2, found = account.client("ec2"), {}
    for each in dict.fromkeys(ids):
        name = _FILTERS.get(each.split("-")[0])
        if name is None:
            continue
        try:
            pages = ec2.get_paginator("describe_network_interfaces")
            for page in pages.paginate(Filters=[{"Name": name, "Values": [each]}]):
                for interface in page["NetworkInterfaces"]:
                    what = interface.get("Description") or interface.get("InterfaceType", "interface")
                    found[interface["NetworkInterfaceId"]] = f"{what} ({interface['Status']})"
        except (BotoCoreError, ClientError):
            # It only explains a wait; that it cannot must not end the destroy.
            return []
    return [f"{interface}: {what}" for interface, what in sorted(found.items())]
