"""Watching a network: what Prometheus scrapes, when it alarms, and a Grafana dashboard."""

import json
from importlib.resources import files
from pathlib import Path

from tanlian_node.network import Network, stale_seconds

SHARE_OF_RATE = 0.7  # of the blocks that there should be; one of four nodes down leaves about half


def write_monitoring(network: Network, folder: Path) -> None:
    """Write prometheus.json (read as YAML), alerts.yaml and dashboard.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yaml").write_text(prometheus(network))
    data = files("tanlian_node").joinpath("data")
    (folder / "alerts.yaml").write_text(alerts(network, data.joinpath("alerts.yaml").read_text()))
    (folder / "dashboard.json").write_text(data.joinpath("dashboard.json").read_text())


def alerts(network: Network, rules: str) -> str:
    """The alarm rules, with the thresholds that suit the distance of the network's blocks."""
    stale = stale_seconds(network.idle_seconds)
    slowest = SHARE_OF_RATE / network.idle_seconds
    return rules.replace("STALE_SECONDS", str(stale)).replace("LEAST_RATE", f"{slowest:.4f}")


def prometheus(network: Network) -> str:
    """The scrape configuration: each node's metrics with its name and organisation as labels."""
    targets = [
        {
            "targets": [f"{node.host}:{node.metrics_port}"],
            "labels": {"node": node.name, "organisation": node.organisation, "role": node.role},
        }
        for node in network.nodes
    ]
    return (
        json.dumps(
            {
                "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
                "rule_files": ["alerts.yaml"],
                "scrape_configs": [{"job_name": network.name, "static_configs": targets}],
            },
            indent=2,
        )
        + "\n"
    )
