import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from insights_tui.domain.connection import Server
from insights_tui.domain.servers import MAX_LENGTH, parse_servers

CHOSEN = "Encryption is chosen with the connection type."


def shown(text: str) -> list[str]:
    servers, errors, _ = parse_servers(text)
    assert not errors
    return [str(server) for server in servers]


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("h1:9092, [::1]:9093", ["h1:9092", "[::1]:9093"]),
        ("h1:1;h2:2\nh3:3\th4:4 h5:5", ["h1:1", "h2:2", "h3:3", "h4:4", "h5:5"]),
        (" ,, h1:9092 ,\n", ["h1:9092"]),
        ("h1: 9092", ["h1:9092"]),
        ("KAFKA-1.Example.COM:9092", ["kafka-1.example.com:9092"]),
        ("kafka-1.example.com.:9092", ["kafka-1.example.com.:9092"]),
        ("kafka_1:9092", ["kafka_1:9092"]),
        ("10.0.0.1:65535", ["10.0.0.1:65535"]),
        ("[2001:0DB8::0001]:1", ["[2001:db8::1]:1"]),
        ("[fe80::1%eth0]:9092", ["[fe80::1%eth0]:9092"]),
        ("münchen.example:9092", ["xn--mnchen-3ya.example:9092"]),
        ("straße.example:9092", ["xn--strae-oqa.example:9092"]),
        ("h\xa0h2:1"[2:], ["h2:1"]),
    ],
)
def test_servers_are_read(text: str, servers: list[str]) -> None:
    assert shown(text) == servers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "At least one server is needed. Write host:port, for example kafka-1:9092."),
        (" , ;\n", "At least one server is needed. Write host:port, for example kafka-1:9092."),
        ("kafka-1:9093, kafka-2", "2nd: no port. Did you mean kafka-2:9093?"),
        ("kafka-2", "No port. Did you mean kafka-2:9092?"),
        ("kafka-2:", "No port. Did you mean kafka-2:9092?"),
        ("kafka-1 9094", "No colon before the port. Did you mean kafka-1:9094?"),
        ("h:1, kafka-1 9094", "2nd: no colon before the port. Did you mean kafka-1:9094?"),
        (":9092", "No host. Write host:port."),
        ("9092", "No host. Write host:port."),
        ("h:0", "A port is 1 to 65535: 0. Write host:port."),
        ("h:65536", "A port is 1 to 65535: 65536. Write host:port."),
        ("h:" + "9" * 5000, "A port is 1 to 65535: 999999999999. Write host:port."),
        ("h:90x2", "The port is no number: '90x2'. Write host:port."),
        ("h:-1", "The port is no number: '-1'. Write host:port."),
        ("h:+1", "The port is no number: '+1'. Write host:port."),
        ("h:\uff19", "The port is no number: '\uff19'. Write host:port."),
        (
            "kafka://h:9092",
            f"A scheme does not belong here: kafka://. Did you mean h:9092? {CHOSEN}",
        ),
        (
            "SASL_SSL://h",
            f"A scheme does not belong here: SASL_SSL://. Did you mean h:9092? {CHOSEN}",
        ),
        (
            "https://h:9092/path?x#y",
            f"A scheme does not belong here: https://. Did you mean h:9092? {CHOSEN}",
        ),
        ("h:2181/kafka", "A path does not belong here. Did you mean h:2181?"),
        ("::1:9093", "An IPv6 address needs brackets. Did you mean [::1]:9093?"),
        ("fe80::1", "An IPv6 address needs brackets and a port. Did you mean [fe80::1]:9092?"),
        ("[::1]", "No port. Did you mean [::1]:9092?"),
        ("[::1", "The bracket is not closed. Write [address]:port."),
        ("::1]:9092", "The bracket is not opened. Write [address]:port."),
        ("[::1]9092", "Something stands between the bracket and the port. Write host:port."),
        ("[h]:9092", "No IPv6 address in the brackets: 'h'. Brackets are for IPv6 addresses only."),
        ("h1:9092:h2:9092", "More than one colon. Put a comma between two servers."),
        ("10.0.0.256:1", "Not an IPv4 address: '10.0.0.256'. It has four numbers from 0 to 255."),
        ("0x7f000001:1", "Not an IPv4 address: '0x7f000001'. It has four numbers from 0 to 255."),
        ("127.1:1", "Not an IPv4 address: '127.1'. It has four numbers from 0 to 255."),
        ("a..b:1", "The host name has an empty part. Look for two dots in a row."),
        ("-a:1", "Not a host name: '-a'. It has letters, digits, - and dots."),
        ("a!b:1", "Not a host name: 'a!b'. It has letters, digits, - and dots."),
        ("\x1b[2Jh:1", "Not a host name: '�h'. It has letters, digits, - and dots."),
        ("h\x00:1", "Not a host name: 'h�'. It has letters, digits, - and dots."),
        ("“h”:1", "Not a host name: '“h”'. A character in it is not allowed."),
        ("a" * 64 + ":1", "The host name is too long. A label between two dots has 63 at most, the whole name 253."),
        ("x." * 130 + "y:1", "The host name is too long. A label between two dots has 63 at most, the whole name 253."),
    ],
)
def test_each_mistake_has_its_repair(text: str, expected: str) -> None:
    errors = parse_servers(text).errors
    assert [error.text for error in errors] == [expected]
    assert all(error.field == "broker_url" for error in errors)


def test_all_mistakes_at_once_and_counted_as_people_count() -> None:
    _, errors, hints = parse_servers("h1:9092 h2 9093, h3, h4:99999 user@h5:1")
    assert [error.text.split(":")[0] for error in errors] == ["2nd", "3rd", "4th", "5th"]
    assert hints == ()  # first things first


def test_a_long_label_beyond_ascii_is_told() -> None:
    (error,) = parse_servers("ü" * 70 + ":1").errors
    assert error.code == "server_host_long"


@pytest.mark.parametrize("text", ["u:Marker-pw@h:9092", "SASL_SSL://u:Marker-pw@h:9093", "h1:Marker-pw, u@h:1"])
def test_a_pasted_password_is_never_quoted(text: str) -> None:
    errors = parse_servers(text).errors
    assert errors
    assert "Marker" not in repr(errors)


def test_too_much_is_refused() -> None:
    assert [error.code for error in parse_servers("h:1," * 101).errors] == ["too_many_servers"]
    assert [error.code for error in parse_servers("x" * (MAX_LENGTH + 1)).errors] == ["servers_too_long"]
    assert len(parse_servers(",".join(f"h{n}:1" for n in range(100))).servers) == 100


def test_hints_hinder_nothing() -> None:
    servers, errors, hints = parse_servers("H1:9092, h1:9092, 0.0.0.0:2181")
    assert (len(servers), errors) == (2, ())
    assert [hint.code for hint in hints] == ["duplicate_server", "listen_address", "zookeeper_port"]
    assert [hint.code for hint in parse_servers("h1:9092").hints] == ["single_server"]
    assert parse_servers("h1:9092,h2:9092").hints == ()


servers_of_any_kind = st.builds(
    Server,
    st.one_of(
        st.from_regex(r"[a-z_]([a-z0-9_-]{0,20}[a-z0-9_])?(\.[a-z]{2,5})?", fullmatch=True),
        st.ip_addresses(v=4).map(str),
        st.ip_addresses(v=6).map(lambda address: address.compressed),
    ),
    st.integers(1, 65_535),
)


@given(
    st.lists(servers_of_any_kind, min_size=1, max_size=20, unique=True), st.sampled_from([",", " ", ";", ", ", "\n"])
)
def test_what_is_written_is_read_again(servers: list[Server], separator: str) -> None:
    assert parse_servers(separator.join(map(str, servers))).servers == tuple(servers)


@given(
    st.one_of(
        st.text(), st.text(alphabet="h1.:[]%/@,; \n#?-_x\x00ü\u3002\uff19"), st.text(alphabet="0123456789abcdef:.[]")
    )
)
@example("[::1%\x1b]:9092")
@example("xn--\u0660:1")
def test_nothing_raises_and_what_is_read_is_stable(text: str) -> None:
    servers, errors, _ = parse_servers(text)
    assert errors or servers
    again = ",".join(map(str, servers))
    assert again.isascii()
    assert again.isprintable()
    if servers:
        assert parse_servers(again).servers == servers
