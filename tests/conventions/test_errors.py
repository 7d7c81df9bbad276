"""One base error a library; all its others derive from it, and their names end in Error."""


def errors(library):
    """Public exception classes that the library defines."""
    found = set()
    for module in library.modules():
        for name, thing in vars(module).items():
            if isinstance(thing, type) and issubclass(thing, BaseException):
                own = thing.__module__.split(".")[0] == library.name
                if own and not name.startswith("_"):
                    found.add(thing)
    return found


def test_there_is_exactly_one_base(library):
    mine = errors(library)
    bases = {error.__name__ for error in mine if not mine & set(error.__mro__[1:])}
    assert len(bases) == 1, f"{library.name} has these roots among its errors: {sorted(bases)}"


def test_names_end_in_error(library):
    odd = sorted(
        error.__name__ for error in errors(library) if not error.__name__.endswith("Error")
    )
    assert not odd


def test_all_of_them_are_in_errors_py(library):
    elsewhere = {error.__module__ for error in errors(library)} - {f"{library.name}.errors"}
    assert not elsewhere, f"{library.name} defines errors outside errors.py, in {elsewhere}"


def test_the_tree_is_drawn(library):
    drawing = __import__(f"{library.name}.errors", fromlist=["errors"]).__doc__
    missing = sorted(error.__name__ for error in errors(library) if error.__name__ not in drawing)
    assert not missing, f"draw them in the docstring of {library.name}/errors.py: {missing}"


def test_the_base_is_public(library):
    mine = errors(library)
    (base,) = (error for error in mine if not mine & set(error.__mro__[1:]))
    assert base.__name__ in library.module.__all__
