"""What an installation decides about its pages; read from file and environment in `bootstrap`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`secret` signs cookies and forms, 32 bytes or more; `trusted_proxies` counts the reverse
    proxies in front whose forwarded addresses are believed; `insecure_cookies` lets a browser send
    cookies over plain HTTP, for loopback only. `hosts` are the names under which the site may be
    asked for, any where there are none. `is_loopback`: only this machine reaches the server.
    """

    secret: bytes
    title: str = "Tanlian 碳链"
    default_language: str = "zh"
    trusted_proxies: int = 0
    insecure_cookies: bool = False
    max_upload_bytes: int = 8 * 1024 * 1024
    hosts: tuple[str, ...] = ()
    is_loopback: bool = True
    streams: int = 48  # pages that follow the market live; each holds a thread of the server
    max_lag_seconds: int = 60
    metrics_token: str = ""
    requests_per_minute: int = 600  # of one API key
