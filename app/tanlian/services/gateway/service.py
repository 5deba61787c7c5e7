"""A gateway at work: readings come in over HTTP and MQTT, batches are closed and anchored."""

import logging
import threading
from collections.abc import Callable

from waitress.server import create_server

from tanlian.chain.errors import ChainError
from tanlian.services.gateway.gateway import Anchoring, Gateway
from tanlian.services.gateway.http import application
from tanlian.services.gateway.mqtt import MqttIntake
from tanlian.services.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

THREADS = 8
PAUSE_SECONDS = 5.0


class GatewayService:
    """Runs the intakes beside the anchoring; an outage of the chain is waited out."""

    def __init__(
        self, settings: GatewaySettings, gateway: Gateway, chain: Anchoring, host: str = "127.0.0.1"
    ) -> None:
        self._gateway = gateway
        self._chain = chain
        self._stopping = threading.Event()
        self._server = None
        if settings.http_port is not None:
            self._server = create_server(  # type: ignore[no-untyped-call]
                application(gateway), host=host, port=settings.http_port, threads=THREADS
            )
        self._mqtt = None
        if settings.mqtt_host is not None:
            name = f"tanlian-gateway-{settings.year}-{settings.first_hour}"
            self._mqtt = MqttIntake(gateway, settings.mqtt_host, settings.mqtt_port, name)

    @property
    def http_port(self) -> int | None:
        """The port that HTTP really listens on."""
        return self._server.effective_port if self._server is not None else None

    def run(self, anchored: Callable[[int], None], pause: float = PAUSE_SECONDS) -> None:
        """Work until `stop` is called; tell how many batches each round anchored."""
        serving = None
        if self._server is not None:
            serving = threading.Thread(target=self._server.run, daemon=True)
            serving.start()
        if self._mqtt is not None:
            self._mqtt.start()
        try:
            while not self._stopping.is_set():
                anchored(self.work())
                self._stopping.wait(pause)
        finally:
            if self._mqtt is not None:
                self._mqtt.stop()
            if self._server is not None:
                self._server.close()
            self._gateway.store.close()

    def work(self) -> int:
        """Close and anchor what is due; return how many batches were anchored."""
        self._gateway.close_due()
        try:
            return len(self._gateway.anchor_due(self._chain))
        except ChainError as error:
            log.warning("anchoring waits: %s", error.user_message)
            return 0

    def stop(self) -> None:
        self._stopping.set()
