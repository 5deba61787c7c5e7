"""Watching a network: what Prometheus scrapes, when it alarms, and a Grafana dashboard."""

import json
from importlib.resources import files
from pathlib import Path

from tanlian_node.network import Network


def write_monitoring(network: Network, folder: Path) -> None:
    """Write prometheus.json (read as YAML), alerts.yaml and dashboard.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "prometheus.yaml").write_text(prometheus(network))
    data = files("tanlian_node").joinpath("data")
    for name in ("alerts.yaml", "dashboard.json"):
        (folder / name).write_text(data.joinpath(name).read_text())


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
