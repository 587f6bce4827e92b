"""The variables of the system before this one: what each means, who wins, what is logged, what an error says."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path

import pytest

from asocial.config import ConfigError, load
from asocial.settings import Settings
from asocial.signing import weakness_of

PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\n" + secrets.token_urlsafe(1200) + "\n-----END PRIVATE KEY-----\n"
ACCOUNT = json.dumps({"type": "service_account", "project_id": "talk-4711", "private_key": PRIVATE_KEY})
BASE64 = base64.b64encode(ACCOUNT.encode()).decode()


def differs(**environ: str) -> dict[str, object]:
    """What these variables change: settings that are not at their default."""
    settings, default = load({}, environ), load({}, {})
    found = {name: getattr(settings, name) for name in Settings.model_fields}
    changed = {name: value for name, value in found.items() if value != getattr(default, name)}
    return {name: getattr(value, "get_secret_value", lambda v=value: v)() for name, value in changed.items()}


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("APP_ENV", "production", "env", "production"),
        ("APP_ENV", " Production\n", "env", "production"),
        ("APP_ENV", "prod", "env", "production"),
        ("APP_ENV", "staging", "env", "production"),
        ("LOG_LEVEL", "debug", "log_level", "debug"),
        ("LOG_LEVEL", "WARN", "log_level", "warning"),
        ("REDIS_ADDR", "redis:6379", "redis_url", "redis://redis:6379/0"),
        ("REDIS_ADDR", ":6380", "redis_url", "redis://localhost:6380/0"),
        ("REDIS_ADDR", "[fd00::1]:6379", "redis_url", "redis://[fd00::1]:6379/0"),
        ("REDIS_PASSWORD", "p@ss/wo?rd%41 ", "redis_password", "p@ss/wo?rd%41 "),
        ("REDIS_PASSWORD", "pass\n", "redis_password", "pass"),
        ("MAX_MESSAGE_SIZE", "8192", "max_message_size", 8192),
        ("RATE_LIMIT_PER_MINUTE", "60", "rate_limit_per_minute", 60),
    ],
)
def test_an_alias_sets_its_setting(variable: str, text: str, setting: str, value: object) -> None:
    assert differs(**{variable: text}) == {setting: value}


@pytest.mark.parametrize("env", ["development", "dev", "local", "test"])
def test_app_env_may_name_development(env: str) -> None:
    assert load({}, {"APP_ENV": env}).env == "development"


def test_app_env_production_is_ours_in_every_respect() -> None:
    assert load({}, {"APP_ENV": "production"}).lifecycle == load({}, {"ASOCIAL_ENV": "production"}).lifecycle


def test_redis_db_is_the_database_of_redis_addr() -> None:
    settings = load({}, {"REDIS_ADDR": "redis:6379", "REDIS_DB": "3"})
    assert settings.redis_url.get_secret_value() == "redis://redis:6379/3"
    assert settings.notes == (
        "REDIS_ADDR sets ASOCIAL_REDIS_URL to redis://redis:6379/3",
        "REDIS_DB sets the database in ASOCIAL_REDIS_URL",
    )
    for environ in ({}, {"REDIS_ADDR": "redis:6379", "ASOCIAL_REDIS_URL": "redis://other/1"}):
        alone = load({}, {**environ, "REDIS_DB": "nonsense"})
        assert alone.redis_url == load({}, environ).redis_url
        assert alone.notes[-1].startswith("REDIS_DB is ignored: ")


@pytest.mark.parametrize(
    "text", [ACCOUNT, f" {ACCOUNT}\n", f"'{ACCOUNT}'", ACCOUNT.replace("\\n", "\n"),
             BASE64, f"{BASE64}\n", BASE64.rstrip("="),
             "\n".join(BASE64[at : at + 76] for at in range(0, len(BASE64), 76)),
             BASE64.replace("+", "-").replace("/", "_")],
)  # fmt: skip
def test_a_service_account_selects_its_project_as_json_or_base64(text: str) -> None:
    settings = load({}, {"FIREBASE_SERVICE_ACCOUNT": text})
    assert settings.jwt_preset == "firebase:talk-4711"
    assert settings.auth == "guest", "the original let people in without a token too"


def test_a_service_account_gives_every_process_the_same_secret_unless_one_is_set(tmp_path: Path) -> None:
    made = load({}, {"FIREBASE_SERVICE_ACCOUNT": ACCOUNT}).secret.get_secret_value()
    assert made == load({}, {"FIREBASE_SERVICE_ACCOUNT": BASE64}).secret.get_secret_value()
    assert not weakness_of(made)
    other = load({}, {"FIREBASE_SERVICE_ACCOUNT": ACCOUNT.replace("PRIVATE", "OTHER")}).secret.get_secret_value()
    assert other != made
    chosen = secrets.token_urlsafe(48)
    (tmp_path / "secret").write_text(chosen)
    for environ in ({"ASOCIAL_SECRET": chosen}, {"ASOCIAL_SECRET_FILE": str(tmp_path / "secret")}):
        assert load({}, environ | {"FIREBASE_SERVICE_ACCOUNT": ACCOUNT}).secret.get_secret_value() == chosen


@pytest.mark.parametrize("account", [{}, {"private_key": ""}, {"private_key": "changeme"}, {"private_key": 3}])
def test_no_secret_is_made_of_a_key_that_others_could_know(account: dict[str, object]) -> None:
    text = json.dumps({"project_id": "talk", **account})
    assert differs(FIREBASE_SERVICE_ACCOUNT=text) == {"jwt_preset": "firebase:talk"}


@pytest.mark.parametrize(
    ("variable", "text", "says"),
    [
        ("APP_ENV", "qa", ["APP_ENV: 'qa' is not allowed", "production", "development"]),
        ("LOG_LEVEL", "loud", ["log_level: 'loud'", "(from LOG_LEVEL)", "one of debug"]),
        ("REDIS_ADDR", "redis", ["REDIS_ADDR: ", "HOST:PORT"]),
        ("REDIS_ADDR", "redis:70000", ["REDIS_ADDR: ", "HOST:PORT"]),
        ("REDIS_ADDR", "redis://:hunter2@redis:6379", ["REDIS_ADDR: ", "ASOCIAL_REDIS_URL"]),
        ("REDIS_ADDR", "a:1,b:2", ["REDIS_ADDR: "]),
        ("MAX_MESSAGE_SIZE", "4KB", ["max_message_size: '4KB'", "(from MAX_MESSAGE_SIZE)", "from 512 to 65536"]),
        ("RATE_LIMIT_PER_MINUTE", "-1", ["rate_limit_per_minute: '-1'", "(from RATE_LIMIT_PER_MINUTE)"]),
        ("FIREBASE_SERVICE_ACCOUNT", "hunter2", ["FIREBASE_SERVICE_ACCOUNT: ", "project_id", "base64"]),
        ("FIREBASE_SERVICE_ACCOUNT", '{"private_key": "hunter2"}', ["FIREBASE_SERVICE_ACCOUNT: ", "project_id"]),
        ("FIREBASE_SERVICE_ACCOUNT", '{"project_id": "Hunter2!"}', ["FIREBASE_SERVICE_ACCOUNT: "]),
        ("FIREBASE_SERVICE_ACCOUNT", '["hunter2"]', ["FIREBASE_SERVICE_ACCOUNT: "]),
        ("FIREBASE_SERVICE_ACCOUNT", "/hunter2.json", ["FIREBASE_SERVICE_ACCOUNT_FILE"]),
        ("FIREBASE_SERVICE_ACCOUNT_FILE", "hunter2", ["FIREBASE_SERVICE_ACCOUNT_FILE: the file cannot be read"]),
        ("REDIS_PASSWORD_FILE", "hunter2", ["REDIS_PASSWORD_FILE: the file cannot be read"]),
        ("REDIS_PASSWORD_FILE", "/nowhere", ["REDIS_PASSWORD_FILE: '/nowhere' cannot be read"]),
    ],
)
def test_a_wrong_value_names_the_alias_and_no_secret(variable: str, text: str, says: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        load({}, {variable: text})
    message = str(caught.value)
    for part in says:
        assert part in message
    assert "hunter2" not in message.lower()
    assert "\n" not in message


def test_a_wrong_redis_db_is_named() -> None:
    with pytest.raises(ConfigError, match=r"REDIS_DB: 'x' is not allowed"):
        load({}, {"REDIS_ADDR": "redis:6379", "REDIS_DB": "x"})


@pytest.mark.parametrize("variable", ["REDIS_PASSWORD", "FIREBASE_SERVICE_ACCOUNT"])
def test_a_secret_alias_may_come_from_a_file_but_not_from_both(tmp_path: Path, variable: str) -> None:
    file = tmp_path / "file"
    file.write_text(f"{ACCOUNT}\n")
    from_file = {f"{variable}_FILE": str(file)}
    assert differs(**from_file) == differs(**{variable: ACCOUNT})
    with pytest.raises(ConfigError, match=f"{variable}: give either {variable} or {variable}_FILE, not both"):
        load({}, {**from_file, variable: ACCOUNT})
    file.write_text("\n")
    with pytest.raises(ConfigError, match=f"{variable}_FILE: .* is empty"):
        load({}, from_file)


@pytest.mark.parametrize(
    ("variable", "text", "setting", "value"),
    [
        ("APP_ENV", "nonsense", "env", "development"),
        ("LOG_LEVEL", "nonsense", "log_level", "error"),
        ("REDIS_ADDR", "nonsense", "redis_url", "redis://ours/1"),
        ("REDIS_PASSWORD", "theirs", "redis_password", "ours"),
        ("MAX_MESSAGE_SIZE", "nonsense", "max_message_size", "1000"),
        ("RATE_LIMIT_PER_MINUTE", "nonsense", "rate_limit_per_minute", "7"),
        ("FIREBASE_SERVICE_ACCOUNT", "nonsense", "jwt_preset", "firebase:ours"),
        ("FIREBASE_SERVICE_ACCOUNT", "nonsense", "jwt_issuer", "https://id.example"),
    ],
)
def test_anything_of_ours_wins_over_an_alias_and_the_log_says_so(
    tmp_path: Path, variable: str, text: str, setting: str, value: str
) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text(f"{setting}: {value}\n")
    for ours in (
        load({setting: value}, {variable: text}),
        load({}, {variable: text, f"ASOCIAL_{setting.upper()}": value}),
        load({}, {variable: text}, file),
    ):
        assert getattr(ours, setting) == getattr(load({setting: value}, {}), setting)
        (note,) = ours.notes
        assert note.startswith(f"{variable} is ignored: ")


def test_a_file_of_ours_wins_over_an_alias(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://ours/1")
    (tmp_path / "password").write_text("ours")
    settings = load({}, {"REDIS_ADDR": "theirs:6379", "REDIS_PASSWORD": "theirs",
                         "ASOCIAL_REDIS_URL_FILE": str(tmp_path / "url"),
                         "ASOCIAL_REDIS_PASSWORD_FILE": str(tmp_path / "password")})  # fmt: skip
    assert settings.redis_url.get_secret_value() == "redis://ours/1"
    assert settings.redis_password.get_secret_value() == "ours"
    assert [note.partition(" is ignored")[0] for note in settings.notes] == ["REDIS_ADDR", "REDIS_PASSWORD"]


def test_an_empty_alias_is_one_that_is_not_set() -> None:
    names = ("APP_ENV", "LOG_LEVEL", "REDIS_ADDR", "REDIS_DB", "REDIS_PASSWORD", "MAX_MESSAGE_SIZE",
             "RATE_LIMIT_PER_MINUTE", "FIREBASE_SERVICE_ACCOUNT", "REDIS_PASSWORD_FILE")  # fmt: skip
    settings = load({}, dict.fromkeys(names, " \n"))
    assert (settings, settings.notes) == (load({}, {}), ())


def test_each_alias_that_counts_is_one_line_in_the_log_without_a_secret() -> None:
    settings = load({}, {"APP_ENV": "production", "REDIS_PASSWORD": "hunter2", "FIREBASE_SERVICE_ACCOUNT": ACCOUNT})
    assert settings.notes == (
        "APP_ENV sets ASOCIAL_ENV to production",
        "REDIS_PASSWORD sets ASOCIAL_REDIS_PASSWORD",
        "FIREBASE_SERVICE_ACCOUNT sets ASOCIAL_JWT_PRESET to firebase:talk-4711, which counts with ASOCIAL_AUTH=jwt",
        "FIREBASE_SERVICE_ACCOUNT sets ASOCIAL_SECRET, which is not set, to a key derived from its own",
    )
