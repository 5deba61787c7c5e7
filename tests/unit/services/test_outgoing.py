"""Requests to addresses that members give never enter the operator's own network."""

import socket
import ssl
import threading
import time

import pytest

from harness.receiver import receiving
from tanlian.domain.errors import InvalidInput
from tanlian.services.outgoing import Outgoing, Undelivered, is_public

HERE = frozenset({"127.0.0.1"})


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),  # metadata of clouds
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fec0::1", False),
    ],
)
def test_is_public__addresses__only_those_of_the_open_internet(address, expected) -> None:
    assert is_public(address) is expected


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://receiver.example/", "HTTPS only"),
        ("ftp://receiver.example/", "no address"),
        ("receiver.example", "no address"),
        ("https://", "no address"),
        ("https://[::1", "no address"),
        ("https://receiver.example:99999/", "no address"),
        ("https://receiver.example:0/", "port 0"),
        ("https://me:secret@receiver.example/", "no user, password"),
        ("https://receiver.example/#part", "fragment"),
        ("https://receiver.example/a b", "no spaces"),
        ("https://receiver.example/\r\nHost: other", "printable"),
        ("https://例子.example/", "ASCII"),
        ("https://receiver.example/" + "a" * 512, "at most 512"),
    ],
)
def test_check__address__refused_with_its_reason(url, sentence) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Outgoing(HERE).check(url)
    assert sentence in refusal.value.user_message


def test_post__names_of_this_machine__refused_before_a_byte_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        for host in ("localhost", "127.0.0.1", "127.1", "2130706433"):
            with pytest.raises(Undelivered) as refusal:
                Outgoing().post(f"https://{host}:{port}/", {}, b"{}")
            assert "private network" in refusal.value.user_message
        with pytest.raises(TimeoutError):
            server.accept()


def test_post__trusted_host__answers_and_redirects_are_not_followed() -> None:
    with receiving() as receiver:
        receiver.answers += [204, 302, 500]
        statuses = [Outgoing(HERE).post(receiver.url, {}, b"{}") for _ in range(3)]
    assert statuses == [204, 302, 500]
    assert receiver.answers == [], "the redirect would have taken another answer"


def test_post__nobody_listens__says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Undelivered) as refusal:
        Outgoing(HERE).post(f"http://127.0.0.1:{port}/", {}, b"{}")
    assert "cannot be reached" in refusal.value.user_message


def test_post__plain_server_behind_https__no_answer() -> None:
    with receiving() as receiver, pytest.raises(Undelivered):
        Outgoing(HERE, ssl.create_default_context()).post(
            receiver.url.replace("http:", "https:"), {}, b"{}"
        )
    assert receiver.taken == []


def test_post__answer_drips_in__cut_after_its_time() -> None:
    """Each byte comes within any time-out of a single read."""
    stop = threading.Event()

    def drip(server):
        line, _ = server.accept()
        with line:
            line.recv(65_536)
            while not stop.wait(0.05):
                try:
                    line.send(b"H")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        began = time.monotonic()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(Undelivered):
            Outgoing(HERE, seconds=0.5).post(url, {}, b"{}")
        stop.set()
        thread.join()
    assert time.monotonic() - began < 4


def test_post__name_resolves_slowly__given_up_after_its_time_and_never_connected_to() -> None:
    """The look-up goes on in the system; what it finds too late leads nowhere."""
    go_on, ended, names = threading.Event(), threading.Event(), []

    def slowly(host: str, _port: int) -> list[str]:
        names.append(host)
        go_on.wait(30)
        ended.set()
        return ["127.0.0.1"]

    with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "slow.example")
        outgoing = Outgoing(frozenset({"slow.example"}), look_up_seconds=0.3, look_up=slowly)
        began = time.monotonic()
        with pytest.raises(Undelivered) as refusal:
            outgoing.post(url, {}, b"{}")
        assert time.monotonic() - began < 5
        go_on.set()
        assert ended.wait(5)
        time.sleep(0.1)
        assert receiver.taken == receiver.refused == []
    assert "slow.example was not found" in refusal.value.user_message
    assert names == ["slow.example"]


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
def test_post__name_leads_inside_at_any_of_its_addresses__asked_once_and_refused(found) -> None:
    asked = []

    def answers(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return found

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        with pytest.raises(Undelivered) as refusal:
            Outgoing(look_up=answers).post(f"https://rebound.example:{port}/", {}, b"{}")
        with pytest.raises(TimeoutError):
            server.accept()
    assert "private network" in refusal.value.user_message
    assert asked == [("rebound.example", port)]


def test_post__name_changes_its_address__connected_to_the_one_that_was_looked_at() -> None:
    with receiving() as receiver:
        answers = [["127.0.0.1"], ["192.0.2.1"]]
        outgoing = Outgoing(
            frozenset({"moving.example"}), look_up=lambda _host, _port: answers.pop(0)
        )
        receiver.answers.append(204)
        assert outgoing.post(receiver.url.replace("127.0.0.1", "moving.example"), {}, b"{}") == 204
    assert answers == [["192.0.2.1"]]


def test_post__no_such_name__says_so() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(Undelivered) as refusal:
        Outgoing(look_up=unknown).post("https://nobody.example/", {}, b"{}")
    assert refusal.value.user_message == (
        "nobody.example cannot be reached: Name or service not known."
    )


def test_post__many_names_resolve_slowly__others_wait_no_longer_than_theirs() -> None:
    """Every look-up that hangs keeps a thread of its own; beyond a number none is begun."""
    go_on = threading.Event()

    def slowly(_host: str, _port: int) -> list[str]:
        go_on.wait(30)
        return ["127.0.0.1"]

    slow = Outgoing(look_up=slowly, look_up_seconds=0.001)
    sentences = []
    for number in range(300):
        with pytest.raises(Undelivered) as refusal:
            slow.post(f"https://slow-{number}.example/", {}, b"{}")
        sentences.append(refusal.value.user_message)
    assert "was not found within" in sentences[0]
    assert "Too many names" in sentences[-1]
    go_on.set()
    ends = time.monotonic() + 10
    with receiving() as receiver:
        receiver.answers.append(204)
        while True:  # the places come back
            try:
                assert Outgoing(HERE).post(receiver.url, {}, b"{}") == 204
                break
            except Undelivered:
                assert time.monotonic() < ends
                time.sleep(0.05)
