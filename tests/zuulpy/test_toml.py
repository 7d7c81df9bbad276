import pytest
from zuulpy.toml import load_gateway

from zuulpy import TomlError

GOOD = """
zone = "a"
[listen]
host = "127.0.0.1"
port = 0
[[route]]
prefix = "/api/products"
to = ["127.0.0.1:9001", "127.0.0.1:9002"]
timeout = 2
"""


def test_the_smallest_file_is_a_gateway(tmp_path):
    file = tmp_path / "gateway.toml"
    file.write_text(GOOD)
    gateway, host, port = load_gateway(file)
    assert (gateway.zone, host, port) == ("a", "127.0.0.1", 0)
    file.write_text('[[route]]\nprefix = "/"\nto = "file:x.json"\n')
    assert load_gateway(file)[1:] == ("127.0.0.1", 8080)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            ("port = 0", "port = 70000"),
            "listen.port = 70000: allowed is an integer from 0 to 65535",
        ),
        (("port = 0", 'port = "x"'), "listen.port = 'x': allowed is an integer"),
        (("port = 0", "port = true"), "listen.port = True: allowed is an integer"),
        (("port = 0", "ports = 1"), "listen.ports = 1: allowed is one of the keys host, port"),
        (("[listen]", "listen = 1\n[x]"), "listen = 1: allowed is a table"),
        (('zone = "a"', "zone = 1"), "zone = 1: allowed is a string"),
        (('prefix = "/api/products"', ""), "route[0].prefix = None: allowed is needed"),
        (('"/api/products"', '"api"'), "route[0].prefix = 'api': allowed is a path"),
        (('"127.0.0.1:9001"', '"nowhere"'), "route[0].to = 'nowhere': allowed is a list of"),
        (("timeout = 2", "timeout = -1"), "route[0].timeout = -1: allowed is a number above 0"),
        (
            ("timeout = 2", "retry_statuses = 503"),
            "route[0].retry_statuses = 503: allowed is a list",
        ),
        (("timeout = 2", "retry_statuses = [200]"), "retry_statuses = [200]: allowed is a coll"),
        (("timeout = 2", 'balance = "x"'), "route[0].balance = 'x': allowed is zone_first or"),
        (("timeout = 2", "guard = 1"), "route[0].guard = 1: allowed is one of the keys prefix,"),
        (("[[route]]", "[route]"), "allowed is a list of tables"),
        ((GOOD[GOOD.index("[[route]]") :], ""), "route = []: allowed is one [[route]] or more"),
        (("timeout = 2", "timeout = "), "not TOML: "),
    ],
)
def test_a_mistake_is_one_line_with_file_key_value_and_what_is_allowed(tmp_path, change, complaint):
    file = tmp_path / "gateway.toml"
    file.write_text(GOOD.replace(*change))
    with pytest.raises(TomlError) as caught:
        load_gateway(file)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    assert complaint in text
    assert "\n" not in text


def test_equal_prefixes_and_a_missing_file(tmp_path):
    file = tmp_path / "gateway.toml"
    route = GOOD[GOOD.index("[[route]]") :]
    file.write_text(GOOD + route)
    with pytest.raises(TomlError, match=r"route\[1\]\.prefix = '/api/products'"):
        load_gateway(file)
    with pytest.raises(TomlError, match="No such file"):
        load_gateway(tmp_path / "none.toml")
