"""Readings over MQTT, with quality of service 1: a message is acknowledged once it is on disk."""

import logging
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tanlian.services.gateway.gateway import Gateway

log = logging.getLogger(__name__)

TOPICS = "tanlian/readings/+"  # the last part is the device's number
QUALITY = 1
KEEPALIVE_SECONDS = 30


class MqttIntake:
    """Feeds a gateway from a broker. A broker that goes away is waited for."""

    def __init__(self, gateway: Gateway, host: str, port: int, name: str) -> None:
        """Prepare the connection. `name` is this gateway's lasting session with the broker, which
        keeps messages for it while it is away.
        """
        self._gateway = gateway
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=name, clean_session=False, manual_ack=True
        )
        self._client.on_connect = self._subscribe
        self._client.on_message = self._take
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        self._client.connect_async(host, port, KEEPALIVE_SECONDS)

    def start(self) -> None:
        """Begin to take messages, in a thread of its own."""
        self._client.loop_start()

    def stop(self) -> None:
        """Stop after the message at hand; the broker keeps what comes later."""
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(
        self, client: paho.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        log.info("connected to the broker reason=%s", reason)
        client.subscribe(TOPICS, qos=QUALITY)

    def _take(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self._gateway.take_message(bytes(message.payload), f"mqtt {message.topic}")
        client.ack(message.mid, message.qos)
