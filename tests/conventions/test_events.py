"""All four tell what happens in one record, each in its own copy."""

import dataclasses
import importlib

FIELDS = ["name", "at", "trace", "span", "parent", "fields"]


def event(library):
    return importlib.import_module(f"{library.name}.events").Event


def test_the_fields_are_the_same_everywhere(library):
    assert [field.name for field in dataclasses.fields(event(library))] == FIELDS


def test_an_event_is_frozen_without_a_dict_and_made_by_keyword(library):
    kind = event(library)
    values = {"name": "x", "at": 1.0, "trace": None, "span": None, "parent": None, "fields": {}}
    made = kind(**values)
    assert dataclasses.asdict(made) == values
    assert not hasattr(made, "__dict__"), "slots=True"
    assert kind.__dataclass_params__.frozen
    assert all(field.kw_only for field in dataclasses.fields(kind))


def test_event_is_public(library):
    assert "Event" in library.module.__all__
