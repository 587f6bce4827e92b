"""Reads settings and explains errors.

A value comes from, first wins: a flag of `asocial serve`, an environment variable `ASOCIAL_*`, the YAML file
named by `--config` or `ASOCIAL_CONFIG`, a variable of the system before this one (aliases.py), the default
(settings.py). Secrets may come from a file.
An error names the setting and where its value came from, and never shows any part of a secret.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from . import aliases, secret_files
from .settings import KEY_RULE, PREFIX, Settings, shown

if TYPE_CHECKING:
    import yaml

CONFIG_VARIABLE = "ASOCIAL_CONFIG"
_SECRET_RULES = {"secret": KEY_RULE}
_SETTING_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_SETTINGS = (CONFIG_VARIABLE, "ASOCIAL_TEST_")
_OF_CLIENTS = frozenset({"ASOCIAL_URL", "ASOCIAL_TOKEN", "ASOCIAL_KEY"})
"""What the commands read, and the guide to CI jobs uses: often set in the same shell."""
_SERVICE_LINK = re.compile(
    rf"{PREFIX}(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_SERVICE_LINK_VALUE = re.compile(r"(tcp|udp|sctp)://\S+")


class ConfigError(Exception):
    """A setting that cannot be used. The message names the setting, the value and what is allowed."""


def load(flags: Mapping[str, Any], environ: Mapping[str, str], config_file: Path | None = None) -> Settings:
    """The settings from all sources. Raises ConfigError for the first invalid value.

    `flags` holds only the given ones, by setting name. `environ` is the process's environment.
    """
    if config_file is None and environ.get(CONFIG_VARIABLE):
        config_file = Path(environ[CONFIG_VARIABLE])
    values: dict[str, Any] = _read_yaml(config_file) if config_file else {}
    origin = dict.fromkeys(values, f"in {config_file}")
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        # Compose and CI write `ASOCIAL_X=` for a variable that is not set.
        if environ.get(variable, "").strip() and not _is_service_link(variable, environ):
            values[name], origin[name] = secret_files.without_newline(environ[variable]), f"from {variable}"
    for name, value in flags.items():
        values[name], origin[name] = value, f"from {flag_of(name)}"
    try:
        found = aliases.find(environ, origin)
    except aliases.AliasError as error:
        raise ConfigError(str(error)) from None
    values |= found.values
    origin |= found.sources
    _read_secret_files(values, origin)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(_explain(error, origin)) from None
    settings._sources, settings._notes = origin, tuple(found.notes)
    return settings


def _is_service_link(variable: str, environ: Mapping[str, str]) -> bool:
    """Whether Kubernetes made the variable for a Service whose name begins with `asocial`.

    Every pod of a namespace gets such variables, unless it says `enableServiceLinks: false`.
    """
    return bool(_SERVICE_LINK.fullmatch(variable)) or (
        variable.endswith("_PORT") and bool(_SERVICE_LINK_VALUE.fullmatch(environ[variable]))
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`ASOCIAL_*` variables that are no setting: most likely misspelt. Those that Kubernetes makes are left out."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(
        variable
        for variable in environ
        if variable.startswith(PREFIX)
        and variable not in known
        and variable not in _OF_CLIENTS
        and not variable.startswith(_NOT_SETTINGS)
        and not _is_service_link(variable, environ)
    )


def hint_for(variable: str) -> str:
    """The setting that an unknown variable most likely means; empty if that is not known."""
    known = [PREFIX + name.upper() for name in Settings.model_fields]
    if variable.removesuffix("_FILE") in known:
        return "only secrets can be read from a file"
    nearest = _nearest(variable, known)
    return f"did you mean {nearest}?" if nearest else ""


def flag_of(name: str) -> str:
    return "--" + name.replace("_", "-")


def allowed(field: FieldInfo) -> str:
    """The values that a setting accepts, in words, from its type and bounds."""
    annotation = field.annotation
    if get_origin(annotation) in (types.UnionType,):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(get_args(annotation))
    kinds: dict[object, str] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        Path: "a path",
        SecretStr: "text",
    }
    kind = kinds.get(annotation, "a comma-separated list of origins like https://example.org, or *")
    low = high = ""
    for bound in field.metadata:
        match bound:
            case str(words):
                kind = words
            case annotated_types.Ge(ge):
                low = f"from {ge}"
            case annotated_types.Gt(gt):
                low = f"above {gt}"
            case annotated_types.Le(le):
                high = f"to {le}"
    return " ".join(part for part in (kind, low, high) if part)


def default_of(field: FieldInfo) -> str:
    """The default as you would type it; empty if there is none."""
    value = field.default
    if value in (None, (), PydanticUndefined) or isinstance(value, SecretStr):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _text_loader() -> type[yaml.SafeLoader]:
    """YAML whose numbers, dates and booleans stay the text that was written: `0123` is a password, not 83."""
    import yaml

    class TextLoader(yaml.SafeLoader):
        pass

    def as_written(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
        return str(loader.construct_scalar(node))

    for tag in ("int", "float", "bool", "timestamp"):
        TextLoader.add_constructor(f"tag:yaml.org,2002:{tag}", as_written)
    return TextLoader


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml  # only where there is a file

    try:
        data = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_text_loader())  # noqa: S506 (a SafeLoader)
    except OSError as error:
        raise ConfigError(f"config: {str(path)!r} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        # PyYAML's message quotes the line, which may contain a secret.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else ""
        advice = "put values with special characters between quotes"
        raise ConfigError(f"config: {str(path)!r} is not YAML{where}; {advice}") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"config: {str(path)!r} must hold `setting: value` lines")
    # `setting:` without a value is an unset setting.
    return {
        _setting_of(str(key)): secret_files.without_newline(value) if isinstance(value, str) else value
        for key, value in data.items()
        if value is not None
    }


def _setting_of(key: str) -> str:
    """The setting that a key of the file names: as documented, in capitals, or with the dashes of a flag."""
    name = key.lower().replace("-", "_")
    return name if name in Settings.model_fields else key


def _read_secret_files(values: dict[str, Any], origin: dict[str, str]) -> None:
    """Read the files named by `*_file` settings into the settings that they stand for."""
    for name in (name for name, field in Settings.model_fields.items() if field.annotation is SecretStr):
        file_setting = f"{name}_file"
        path = values.get(file_setting)
        if not path or not isinstance(path, str | Path):
            continue
        source = origin[file_setting]
        if values.get(name):
            both = f"({origin[name]}, {source})"
            raise ConfigError(f"{name}: give either {name} or {file_setting}, not both {both}")
        try:
            text = secret_files.read(path)
        except secret_files.SecretFileError as error:
            raise ConfigError(f"{file_setting}: {error} ({source})") from None
        if not text:
            raise ConfigError(f"{file_setting}: {secret_files.name_of(path)} is empty ({source})")
        del values[file_setting]
        values[name], origin[name] = text, source


def _nearest(name: str, known: Iterable[str]) -> str:
    """The most similar of `known`, or empty."""
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=0.75)), "")


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0])
    where = origin.get(name, "")
    field = Settings.model_fields.get(name)
    if field is None:
        known = _nearest(name.lower().replace("-", "_").removeprefix(PREFIX.lower()), Settings.model_fields)
        meant = f"; did you mean {known}?" if known else "; see `asocial serve --help` for all of them"
        return f"{name if _SETTING_NAME.fullmatch(name) else 'a key'}: no such setting ({where}){meant}"
    if field.annotation is SecretStr:
        return f"{name}: the value given is not allowed ({where}); allowed: {_SECRET_RULES.get(name, allowed(field))}"
    reason = problem["msg"].removeprefix("Value error, ") if problem["type"] == "value_error" else ""
    reason = reason.removeprefix(f"{shown(problem['input'])}: ")
    because = f": {reason}" if reason else ""
    return f"{name}: {shown(problem['input'])} is not allowed ({where}){because}; allowed: {allowed(field)}"
