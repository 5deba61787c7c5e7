"""How a node is kept running: a systemd unit per node, and a compose file for all."""

import json
from typing import Any

from tanlian_node.besu import SMALL_MACHINE
from tanlian_node.network import Network, NodePlan

IMAGES = {25: "hyperledger/besu:25.12.0", 26: "hyperledger/besu:26.8.0"}


def systemd_unit(network: Network, node: NodePlan) -> str:
    """The unit of one node; its folder is copied to /var/lib/tanlian/<name>."""
    place = f"/var/lib/tanlian/{node.name}"
    return f"""[Unit]
Description=Besu node {node.name} of {network.name}
After=network-online.target
Wants=network-online.target

[Service]
User=tanlian
WorkingDirectory={place}
Environment=BESU_OPTS="{network.java_options or SMALL_MACHINE}"
ExecStart=/opt/besu/bin/besu --config-file={place}/config.toml
Restart=always
RestartSec=5
# Besu closes its database on SIGTERM; a minute is plenty
TimeoutStopSec=60
LimitNOFILE=65536
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ReadWritePaths={place}

[Install]
WantedBy=multi-user.target
"""


def permissions_unit(network: Network) -> str:
    """The service that keeps allowlists equal to Membership; its address comes from a file."""
    return f"""[Unit]
Description=Allowlists of {network.name}, reconciled with Membership
After=network-online.target
Wants=network-online.target

[Service]
User=tanlian
# TANLIAN_BOOK=<address book> (or TANLIAN_MEMBERSHIP=0x...) and TANLIAN_NETWORK_FOLDER=...
EnvironmentFile=/etc/tanlian/permissions
ExecStart=/opt/tanlian/bin/tanlian-node permissions --fix --every 30 \\
  --alarm-file /var/log/tanlian/permissions.jsonl
Restart=always
RestartSec=10
NoNewPrivileges=yes
ProtectHome=yes
PrivateTmp=yes
LogsDirectory=tanlian

[Install]
WantedBy=multi-user.target
"""


def compose_file(network: Network) -> str:
    """All nodes as containers in the host's network; JSON, which every YAML reader takes."""
    services: dict[str, Any] = {
        node.name: {
            "image": IMAGES[network.besu_version],
            "command": ["--config-file=/node/config.toml"],
            "working_dir": "/node",
            "volumes": [f"./nodes/{node.name}:/node"],
            "environment": {"BESU_OPTS": network.java_options or SMALL_MACHINE},
            # the ports and the loopback binding of RPC are those of config.toml
            "network_mode": "host",
            "restart": "unless-stopped",
            "stop_grace_period": "60s",
        }
        for node in network.nodes
    }
    return json.dumps({"name": network.name, "services": services}, indent=2) + "\n"
