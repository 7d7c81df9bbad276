import pytest
from hypothesis import given
from hypothesis import strategies as st
from zuulpy.paths import normalise

from zuulpy import FramingError

REFUSED = ["/a/../b", "/..", "/.", "/a/.", "/a/%2e%2e/b", "/a/..;x/b", "/a%2fb", "/a%5Cb", "/a\\b"]
REFUSED += ["/%00", "/%", "/%2", "/%zz"]


@pytest.mark.parametrize("path", REFUSED)
def test_what_servers_read_differently_is_refused(path):
    with pytest.raises(FramingError) as caught:
        normalise(path)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/b/", "/a/b/"),
        ("//a///b//", "/a/b/"),
        ("/%61dmin", "/admin"),
        ("/a%c3%a9", "/a%C3%A9"),
        ("/a%20b", "/a%20b"),
        ("/.well-known/x", "/.well-known/x"),
        ("/a.b/...", "/a.b/..."),
    ],
)
def test_one_spelling_for_each_path(path, expected):
    assert normalise(path) == expected


@given(st.text(st.sampled_from("/.%;26eEfF5cab\\"), max_size=12))
def test_a_normal_path_is_its_own_and_has_no_dot_segment(text):
    try:
        once = normalise("/" + text)
    except FramingError:
        return
    assert normalise(once) == once
    assert once.startswith("/")
    assert "//" not in once
    assert not {".", ".."} & set(once.split("/"))
