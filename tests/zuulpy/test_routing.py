import pytest
from hypothesis import given
from hypothesis import strategies as st
from zuulpy.routing import RouteTable, clean_host, clean_prefix, strip_prefix

from zuulpy import ConfigError


def test_whole_segments_match_and_the_longest_wins():
    table: RouteTable[str] = RouteTable()
    for prefix in ("/", "/api", "/api/products/"):
        table.add(clean_prefix(prefix), None, prefix)
    table.add("/api", clean_host("Shop.example:80"), "shop")
    assert table.match("/", "") == "/"
    assert table.match("/apis", "") == "/"
    assert table.match("/api", "") == "/api"
    assert table.match("/api/", "x") == "/api"
    assert table.match("/api/products", "x") == "/api/products/"
    assert table.match("/api/products/7", "x") == "/api/products/"
    assert table.match("/api/products/7", "shop.example:8080") == "shop"
    assert table.match("/other", "SHOP.example") == "/"
    assert RouteTable[str]().match("/", "") is None


def test_an_equal_prefix_is_a_mistake_for_the_same_host_only():
    table: RouteTable[int] = RouteTable()
    table.add("/a", None, 1)
    table.add("/a", "x", 2)
    with pytest.raises(ConfigError) as caught:
        table.add("/a", None, 3)
    assert (caught.value.key, caught.value.value) == ("prefix", "/a")


@pytest.mark.parametrize("prefix", ["", "a", "/a?b", "/a/../b", "/a#b", 7, None])
def test_what_is_no_prefix(prefix):
    with pytest.raises(ConfigError):
        clean_prefix(prefix)


SEGMENTS = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=4)


@given(st.lists(SEGMENTS, min_size=1, unique_by=tuple), SEGMENTS)
def test_matching_equals_the_longest_common_beginning(prefixes, path):
    table: RouteTable[list[str]] = RouteTable()
    for prefix in prefixes:
        table.add("".join("/" + s for s in prefix), None, prefix)
    begins = [prefix for prefix in prefixes if path[: len(prefix)] == prefix]
    assert table.match("/" + "/".join(path), "") == max(begins, key=len, default=None)


@pytest.mark.parametrize(
    ("target", "path", "stripped"),
    [
        ("/a", "/a", "/"),
        ("/a/b?c=/a", "/a/b", "/b?c=/a"),
        ("/a?x", "/a", "/?x"),
        ("/%61/b", "/a/b", "/b"),
        ("//a/b", "/a/b", "/b"),
    ],
)
def test_the_prefix_comes_off(target, path, stripped):
    assert strip_prefix(target, path, "/a") == stripped
