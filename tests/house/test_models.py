"""The rules for models: each is in the glossary, the database enforces its constraints, and money is never a float."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.contrib.contenttypes.fields import GenericForeignKey
from django.db.models import FloatField, Model

from tests.house.tree import (
    APPS,
    LAYERS,
    OUR_LABELS,
    ROOT,
    codes,
    files,
    links,
    nodes,
    our_models,
    pages,
    product,
    sources,
    storey,
    table,
    text,
)

GLOSSARY = Path("docs/glossary.md")
EXACT = tuple(f"{app}/{room}" for app in APPS for room in ("models", "domain", "rating"))
SENTENCE = re.compile(r"[a-z]+(?:_[a-z]+){3,}")
POSTGRES_KEEPS = 63  # characters of a name; the rest is cut off silently


def test_every_model_says_what_it_is_in_one_sentence():
    first_lines = {model.__name__: (model.__doc__ or "").strip().splitlines()[0] for model in our_models()}

    assert {name: line for name, line in first_lines.items() if not re.fullmatch(r"[A-Z][^.]*\.", line)} == {}


def test_every_model_is_a_word_of_the_glossary_and_says_the_same_there():
    explained = {word.lower(): _first_clause(meaning) for word, meaning, _ in _glossary()}
    models = {str(model._meta.verbose_name).lower(): _first_clause(model.__doc__ or "") for model in our_models()}

    assert models == {name: explained.get(name) for name in models}


def test_the_glossary_says_where_each_word_lives_and_each_place_is_there():
    places = {word: codes(where) + links(where) for word, _, where in _glossary()}

    assert {word: found for word, found in places.items() if not found} == {}
    assert [place for found in places.values() for place in found if not _lives(place)] == []


def test_a_word_that_is_a_model_lives_in_it():
    places = {word.lower(): codes(where) for word, _, where in _glossary()}
    models = {str(model._meta.verbose_name).lower(): model._meta.label for model in our_models()}

    assert {name: label for name, label in models.items() if label not in places[name]} == {}


def test_no_word_is_explained_twice():
    words = [word.lower() for word, _, _ in _glossary()]

    assert len(words) == len(set(words))


def test_every_constraint_is_named_by_a_sentence_that_postgresql_keeps_whole():
    names = [constraint.name for model in our_models() for constraint in model._meta.constraints]

    assert [name for name in names if not SENTENCE.fullmatch(name) or len(name) > POSTGRES_KEEPS] == []
    assert len(names) == len(set(names))


def test_every_trigger_is_named_by_a_sentence_too():
    names = _triggers()

    assert names
    assert [name for name in names if not SENTENCE.fullmatch(name) or len(name) > POSTGRES_KEEPS] == []


def test_every_guarantee_of_a_readme_that_names_a_constraint_or_trigger_has_it():
    kept = {constraint.name for model in our_models() for constraint in model._meta.constraints} | set(_triggers())
    named = [
        (str(page), name)
        for page in pages()
        if page.name == "README.md"
        for heads in (("guarantee", "enforced by"), ("promise", "held by"))
        for row in table(text(page), *heads)
        for name in codes(row[1])
        if SENTENCE.fullmatch(name)
    ]

    assert named
    assert [(page, name) for page, name in named if name not in kept] == []


def test_no_model_prescribes_an_order_to_all_who_ask():
    assert [model.__name__ for model in our_models() if model._meta.ordering] == []


def test_no_model_changes_what_saving_and_deleting_mean():
    offenders = [
        f"{path}: {kind.name}.{part.name}"
        for path in sources(*APPS)
        if "models" in path.parts
        for kind in nodes(path, ast.ClassDef)
        for part in kind.body
        if isinstance(part, ast.FunctionDef) and part.name in {"save", "delete", "__init__"}
    ]

    assert offenders == []


def test_no_model_points_at_just_anything():
    offenders = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.private_fields
        if isinstance(field, GenericForeignKey)
    ]

    assert offenders == []


def test_nothing_of_ours_happens_by_signal():
    # What Django and allauth do on their own pages is heard of by signal only.
    heard_of = "billing_engine/accounts/login/receivers.py"
    offenders = [
        f"{path}:{node.lineno}"
        for path in product()
        if path.as_posix() != heard_of
        for node in nodes(path, ast.ImportFrom)
        if "signals" in (node.module or "").split(".")
        or {alias.name for alias in node.names} & {"Signal", "receiver", "signals"}
    ]

    assert offenders == []


def test_no_amount_and_no_quantity_is_ever_a_float():
    columns = [
        f"{model.__name__}.{field.name}"
        for model in our_models()
        for field in model._meta.fields
        if isinstance(field, FloatField)
    ]
    code = [
        f"{path}:{node.lineno}"
        for path in sources(*EXACT)
        for kind in (ast.Name, ast.Constant)
        for node in nodes(path, kind)
        if getattr(node, "id", None) == "float" or isinstance(getattr(node, "value", None), float)
    ]

    assert columns + code == []


def test_no_model_refers_to_a_storey_above_its_own():
    offenders = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in our_models()
        for field in model._meta.get_fields(include_parents=False)
        if field.concrete and field.is_relation and _height(field.related_model) > _height(model)
    ]

    assert offenders == []


def test_no_storey_reads_what_a_storey_above_hangs_on_its_models():
    offenders = [
        f"{path}:{line} {name}"
        for path in sources(*APPS)
        for line, name in _names(path)
        if name in _hung_from_above(storey(path))
    ]

    assert offenders == []


def _glossary() -> list[list[str]]:
    return table(text(GLOSSARY), "word", "meaning", "where")


def _lives(place: str) -> bool:
    """Whether `app.Model` or `app.Model.field`, a folder of ours, or a page next to the glossary exists."""
    if place.partition(".")[0] in OUR_LABELS:
        app, model, *field = place.split(".")
        fields = {each._meta.label: {part.name for part in each._meta.fields} for each in our_models()}
        return f"{app}.{model}" in fields and set(field) <= fields[f"{app}.{model}"]
    return (ROOT / place).is_dir() or (ROOT / GLOSSARY.parent / place).is_file()


def _first_clause(words: str) -> str:
    """“The company billed” from “the company billed: code, name …”."""
    return re.split(r"[.;:]", " ".join(words.split()))[0].lower()


def _height(model: type[Model]) -> int:
    app = model._meta.app_label
    return LAYERS.index(app) if app in APPS else -1


def _hung_from_above(name: str) -> set[str]:
    """The reverse names that models of apps above add to models of this one."""
    height = LAYERS.index(name)
    return {
        str(relation.get_accessor_name())
        for model in our_models()
        if _height(model) == height
        for relation in model._meta.related_objects
        if _height(relation.related_model) > height and not relation.hidden
    }


def _names(path: Path) -> Iterator[tuple[int, str]]:
    """Attributes that are read, and the parts of lookups such as `charge__reason`."""
    yield from ((node.lineno, node.attr) for node in nodes(path, ast.Attribute))
    for call in nodes(path, ast.Call):
        yield from ((call.lineno, part) for word in call.keywords if word.arg for part in word.arg.split("__"))
    for constant in nodes(path, ast.Constant):
        if isinstance(constant.value, str) and re.fullmatch(r"-?[a-z_]+__[a-z_]+", constant.value):
            yield from ((constant.lineno, part) for part in constant.value.lstrip("-").split("__"))


def _triggers() -> list[str]:
    in_sql = [text(file) for file in files() if file.suffix == ".sql" and file.parts[0] in APPS]
    return [name for sql in in_sql for name in re.findall(r"CREATE (?:OR REPLACE|CONSTRAINT) TRIGGER (\w+)", sql)]
