import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_app.booth.errors import PatchError
from reference_app.booth.patch import apply, diff

scalars = st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=2)
names = st.sampled_from("abcd")
# Null is an ordinary value inside arrays, also of an object there.
inner = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
documents = st.recursive(
    scalars | st.lists(inner, max_size=3),
    lambda inner: st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def same(one: object, other: object) -> bool:
    """Equality of JSON texts: an independent reading of "the same document"."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return one == other and (one is True or one is False) == (other is True or other is False)


@given(documents, documents)
@settings(max_examples=100, deadline=None)
def test_the_patch_of_two_documents_turns_one_into_the_other(old: object, new: object) -> None:
    assert same(apply(old, diff(old, new)), new)


@given(documents)
@settings(max_examples=50, deadline=None)
def test_a_document_differs_from_itself_in_nothing(document: object) -> None:
    expected = {} if isinstance(document, dict) else document
    assert same(diff(document, document), expected)


def test_true_is_not_one() -> None:
    assert diff({"a": 1}, {"a": True}) == {"a": True}
    assert diff({"a": [1]}, {"a": [True]}) == {"a": [True]}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_the_examples_of_rfc_7396_appendix_a(target: object, patch: object, result: object) -> None:
    assert apply(target, patch) == result


def test_applying_changes_neither_argument() -> None:
    target, patch = {"a": {"b": 1}}, {"a": {"c": 2}}
    apply(target, patch)
    assert (target, patch) == ({"a": {"b": 1}}, {"a": {"c": 2}})


def test_a_null_that_a_patch_cannot_carry_is_named() -> None:
    with pytest.raises(PatchError, match=r"\$\.a\.b"):
        diff({}, {"a": {"b": None}})
    assert diff({}, {"a": [None]}) == {"a": [None]}
