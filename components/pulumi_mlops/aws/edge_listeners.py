"""Inputs of the load balancer's listeners and target groups. Pure."""

from typing import Any

_YEAR_SECONDS = 31_536_000


def tcp(port: int, description: str) -> dict[str, Any]:
    """One port of a security group's rule."""
    return {"ip_protocol": "tcp", "from_port": port, "to_port": port, "description": description}


def redirecting() -> dict[str, Any]:
    """The listener on port 80, which sends everybody to 443."""
    return {
        "port": 80,
        "protocol": "HTTP",
        "default_actions": [
            {
                "type": "redirect",
                "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"},
            }
        ],
    }


def answering() -> dict[str, Any]:
    """The listener on port 443; a name that no rule has is answered with 404 and leads to no pod."""
    return {
        "port": 443,
        "protocol": "HTTPS",
        "default_actions": [
            {
                "type": "fixed-response",
                "fixed_response": {
                    "content_type": "application/json",
                    "message_body": '{"error": "no endpoint has this name"}',
                    "status_code": "404",
                },
            }
        ],
        "routing_http_response_server_enabled": False,
        "routing_http_response_strict_transport_security_header_value": f"max-age={_YEAR_SECONDS}",
        "routing_http_response_x_content_type_options_header_value": "nosniff",
    }


def target(port: int, health_path: str) -> dict[str, Any]:
    """A target group of pods, asked at their own addresses.

    Requests differ in length by orders of magnitude, so the pod with the fewest open ones gets the next.
    """
    return {
        "target_type": "ip",
        "ip_address_type": "ipv4",
        "port": port,
        "protocol": "HTTP",
        "protocol_version": "HTTP1",
        "load_balancing_algorithm_type": "least_outstanding_requests",
        "deregistration_delay": 30,
        "health_check": {
            "enabled": True,
            "protocol": "HTTP",
            "path": health_path,
            "port": "traffic-port",
            "matcher": "200",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
    }
