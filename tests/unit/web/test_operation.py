"""Health, metrics, log lines: what operators see, and what they must never see."""

import io
import json
import logging
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tanlian.services.chain_watch import Head
from tanlian.web.app import create_app
from tanlian.web.config import WebConfig
from tanlian.web.live import Live, TooManyStreams
from tanlian.web.request_log import formatter

from .conftest import EMITTER


def client(site, head=None, **config):
    """The site's pages with another head of the chain and another configuration."""
    office = replace(site.office, head=lambda: head)
    return create_app(
        WebConfig(secret=b"s" * 32, insecure_cookies=True, **config), office
    ).test_client()


@contextmanager
def log_lines():
    """Collect the lines that a server would write."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def test_healthz__nothing_works__still_alive(site) -> None:
    site.tables.dispose()
    assert client(site).get("/healthz").json == {"alive": True}


def test_readyz__tables_never_filled__not_ready(site) -> None:
    site.stand()
    answer = client(site, Head(5, 100)).get("/readyz")
    assert (answer.status_code, answer.json["ready"], answer.json["block"]) == (503, False, None)


@pytest.mark.parametrize(
    ("head", "status", "strict", "lag"),
    [
        (Head(10, 1000), 200, 200, (0, 0)),
        (Head(12, 1030), 200, 200, (2, 30)),
        (Head(90, 1061), 503, 503, (80, 61)),
        (None, 200, 503, (None, None)),
    ],
)
def test_readyz__head_of_the_chain__decides(site, head, status, strict, lag) -> None:
    """Without the chain pages still read; only who asks strictly hears no."""
    site.stand(block=10, time=1000)
    browser = client(site, head)
    answer = browser.get("/readyz")
    assert answer.status_code == status
    assert (answer.json["lag_blocks"], answer.json["lag_seconds"]) == lag
    assert browser.get("/readyz?strict").status_code == strict


def test_metrics__requests__are_counted_by_endpoint_and_status(site) -> None:
    site.stand(block=10, time=1000)
    browser = client(site, Head(12, 1030))
    browser.get("/members")
    browser.get("/members")
    browser.get("/sessions/9")
    browser.get("/no-such-page")
    text = browser.get("/metrics").text
    for line in (
        'tanlian_requests_total{endpoint="members",method="GET",status="200"} 2.0',
        'tanlian_requests_total{endpoint="session",method="GET",status="404"} 1.0',
        'tanlian_requests_total{endpoint="unknown",method="GET",status="404"} 1.0',
        'tanlian_request_seconds_count{endpoint="members"} 2.0',
        "tanlian_projected_block 10.0",
        "tanlian_lag_blocks 2.0",
        "tanlian_lag_seconds 30.0",
        "tanlian_chain_reachable 1.0",
        "tanlian_ready 1.0",
        "tanlian_open_streams 0.0",
        'tanlian_open_acts{state="signed"} 0.0',
    ):
        assert line in text


def test_metrics__chain_away__no_lag_is_told(site) -> None:
    site.stand(block=10, time=1000)
    text = client(site, None).get("/metrics").text
    assert "tanlian_chain_reachable 0.0" in text
    assert "tanlian_lag_blocks 0" not in text


def test_metrics__wrong_password__counted(site) -> None:
    site.join("wang", EMITTER)
    browser = site.browser()
    for _ in range(5):
        browser.sign_in("wang", code="000000")
    browser.sign_in("wang")
    text = site.app.extensions["tanlian_metrics"].text().decode()
    assert 'tanlian_sign_in_failures_total{reason="wrong"} 5.0' in text
    assert 'tanlian_sign_in_failures_total{reason="slowed down"} 1.0' in text


@pytest.mark.parametrize(
    ("config", "headers", "address", "status"),
    [
        ({}, {}, "127.0.0.1", 200),
        ({}, {}, "198.51.100.7", 403),
        ({}, {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 403),
        ({"trusted_proxies": 1}, {}, "127.0.0.1", 403),
        ({"metrics_token": "t0ken"}, {}, "127.0.0.1", 403),
        ({"metrics_token": "t0ken"}, {"Authorization": "Bearer other"}, "127.0.0.1", 403),
        ({"metrics_token": "t0ken"}, {"Authorization": "Bearer t0ken"}, "198.51.100.7", 200),
    ],
)
def test_metrics__who_asks__decides(site, config, headers, address, status) -> None:
    answer = client(site, **config).get(
        "/metrics", headers=headers, environ_base={"REMOTE_ADDR": address}
    )
    assert answer.status_code == status
    assert ("tanlian_requests" in answer.text) == (status == 200)


def test_hosts__another_name__refused(site) -> None:
    """Whoever points a name of their own at the site must not get links made out of it."""
    browser = client(site, hosts=("carbon.example",))
    assert browser.get("/", headers={"Host": "carbon.example"}).status_code == 200
    assert browser.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_log__request__one_line_with_the_id_of_the_answer(site) -> None:
    with log_lines() as stream:
        answer = site.browser().get("session", number=7)
    (line,) = [
        line
        for line in map(json.loads, stream.getvalue().splitlines())
        if line["logger"] == "tanlian.requests"
    ]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["number"]) == ("GET", "/sessions/<int:number>", 7)
    assert (line["status"], line["level"]) == (404, "info")
    assert line["ms"] >= 0


def test_log__request_id_from_outside__kept_only_behind_a_proxy(site) -> None:
    given = {"X-Request-Id": "given-by-a-proxy"}
    assert client(site).get("/", headers=given).headers["X-Request-Id"] != "given-by-a-proxy"
    behind = client(site, trusted_proxies=1)
    assert behind.get("/", headers=given).headers["X-Request-Id"] == "given-by-a-proxy"
    evil = {"X-Request-Id": "x y\tz"}
    assert " " not in behind.get("/", headers=evil).headers["X-Request-Id"]


def test_live__stream_that_never_began__gives_its_place_back(site) -> None:
    """HEAD opens a stream and never reads it."""
    live = Live(lambda: 1, 2)
    for _ in range(5):
        stream = live.blocks()
        stream.close()
        stream.close()
    assert live.open_streams == 0
    for _ in range(4):
        answer = site.app.test_client().head("/live")
        assert answer.status_code == 200
        answer.close()  # as a server does after every answer
    assert site.app.extensions["tanlian_live"].open_streams == 0


def test_live__more_than_there_are_places__refused_and_none_lost() -> None:
    live = Live(lambda: 1, 2)
    streams = [live.blocks(), live.blocks()]
    with pytest.raises(TooManyStreams):
        live.blocks()
    assert live.open_streams == 2
    assert [next(streams[0]), next(streams[0])] == ["retry: 2000\n\n", "event: block\ndata: 1\n\n"]
    streams[0].close()
    live.blocks()


def test_pages__tables_know_a_part_of_the_past__made_anew_and_not_shown(site) -> None:
    site.stand(block=10, time=1000, whole_from=11)
    for browser in (client(site), client(site, Head(11, 1000))):
        answer = browser.get("/members", headers={"Accept": "text/html", "Accept-Language": "en"})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "made anew" in answer.text
        assert "Organisation 2" not in answer.text
        assert browser.get("/readyz").json["tables"] == "being made"
    for path in ("/data/members.csv", "/sessions/1", "/supervision"):
        assert client(site).get(path).status_code == 503, path
    site.stand(block=11, time=1000, whole_from=11)
    assert client(site).get("/members").status_code == 200
