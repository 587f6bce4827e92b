"""Settings: sources, precedence, and error messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from asocial.cli import main
from asocial.config import (
    ConfigError,
    allowed,
    default_of,
    flag_of,
    hint_for,
    load,
    unknown_variables,
)
from asocial.settings import Settings, shown


def test_the_defaults_are_the_documented_ones() -> None:
    settings = load({}, {})
    assert (settings.port, settings.max_message_size, settings.rate_limit_per_minute) == (8080, 4096, 100)
    assert (settings.message_ttl_seconds, settings.presence_ttl_seconds, settings.heartbeat_seconds) == (5, 300, 60)
    assert (settings.drain_seconds, settings.auth) == (30, "guest")


def test_a_flag_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text("port: 1001\nhost: from-file\nlog_level: error\n")
    settings = load({"port": "1003"}, {"ASOCIAL_PORT": "1002", "ASOCIAL_HOST": "from-env"}, file)
    assert (settings.port, settings.host, settings.log_level) == (1003, "from-env", "error")


def test_the_file_may_be_named_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text("allowed_origins: [https://a.example, https://b.example]\n")
    settings = load({}, {"ASOCIAL_CONFIG": str(file)})
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert (
        load({"allowed_origins": "https://a.example, https://b.example"}, {}).allowed_origins
        == settings.allowed_origins
    )


@pytest.mark.parametrize(
    ("flags", "environ", "says"),
    [
        ({"port": "abc"}, {}, ["port", "'abc'", "--port", "a whole number from 0 to 65535"]),
        ({}, {"ASOCIAL_PORT": "70000"}, ["port", "'70000'", "ASOCIAL_PORT", "65535"]),
        ({}, {"ASOCIAL_AUTH": "maybe"}, ["auth", "'maybe'", "ASOCIAL_AUTH", "one of guest, open, jwt"]),
        ({"max_payload_characters": "0"}, {}, ["max_payload_characters", "'0'", "a whole number from 1"]),
        ({"max_payload_characters": "3841"}, {}, ["'3841'", "max_message_size", "at most 3840 characters"]),
        ({"message_ttl_seconds": "0"}, {}, ["message_ttl_seconds", "'0'", "--message-ttl-seconds", "above 0"]),
        ({"allowed_origins": "example.org"}, {}, ["allowed_origins", "'example.org'", "https://example.org"]),
        ({"allowed_origins": "https://a.example/path"}, {}, ["allowed_origins", "origins"]),
        ({"public_url": "talk.example"}, {}, ["public_url", "'talk.example'", "an origin like https://"]),
        ({}, {"ASOCIAL_OFFLINE_PAGE": "no"}, ["offline_page", "'no'", "one of kept, withdrawn"]),
        ({"trusted_proxies": "10.0.0.0/33"}, {}, ["trusted_proxies", "'10.0.0.0/33'", "10.0.0.0/8"]),
        ({"trusted_proxies": "10.0.0.1/8"}, {}, ["trusted_proxies", "with commas"]),
        ({}, {"ASOCIAL_BEHIND_TLS": "perhaps"}, ["behind_tls", "'perhaps'", "true or false"]),
        ({"frame_ancestors": "school.example"}, {}, ["frame_ancestors", "https://example.org"]),
        ({"secret_file": "/nowhere"}, {}, ["secret_file", "'/nowhere'", "cannot be read"]),
    ],
)
def test_a_wrong_value_names_the_setting_the_value_and_what_is_allowed(
    flags: dict[str, str], environ: dict[str, str], says: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(flags, environ)
    for part in says:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("presence_ttl_s", "heartbeat_s", "renews_every_s"),
    [("300", "60", 60), ("30", "60", 10), ("30", "5", 5), ("90", "60", 30)],
)
def test_presence_is_renewed_long_before_it_ends(presence_ttl_s: str, heartbeat_s: str, renews_every_s: float) -> None:
    settings = load({"presence_ttl_seconds": presence_ttl_s, "heartbeat_seconds": heartbeat_s}, {})
    assert settings.lifecycle.heartbeat_s == renews_every_s


@pytest.mark.parametrize(("given", "processes"), [("1", 1), ("64", 64), ("auto", "auto"), (" AUTO ", "auto")])
def test_processes_are_a_number_or_auto(given: str, processes: int | str) -> None:
    assert load({"processes": given}, {}).processes == processes


@pytest.mark.parametrize("given", ["0", "65", "-1", "2.5", "many"])
def test_other_numbers_of_processes_are_refused(given: str) -> None:
    with pytest.raises(ConfigError, match=r"processes: .*a whole number from 1 to 64, or auto"):
        load({"processes": given}, {})


@pytest.mark.parametrize(("base_s", "max_s", "says"), [(5, 12, 12_000), (10, 5, 10_000)])
def test_the_longest_life_is_at_least_that_of_a_short_message(base_s: int, max_s: int, says: int) -> None:
    given = {"message_ttl_seconds": str(base_s), "message_ttl_max_seconds": str(max_s)}
    life = load(given, {}).sessions.life
    assert (life.base, life.max) == (base_s * 1000, says)


@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "soon"])
def test_top_refuses_a_pause_that_is_none(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["top", f"--every={given}"])
    assert ended.value.code == 2
    assert "--every" in capsys.readouterr().err


def test_a_wrong_secret_is_never_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        load({}, {"ASOCIAL_SECRET": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "at least 32" in str(caught.value)


def test_a_secret_may_come_from_a_file_but_not_from_both(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n")
    environ = {"ASOCIAL_SECRET_FILE": str(file)}
    assert load({}, environ).secret.get_secret_value() == "s" * 40
    with pytest.raises(ConfigError, match="not both"):
        load({}, {**environ, "ASOCIAL_SECRET": "t" * 40})
    file.write_text("short")
    with pytest.raises(ConfigError, match="at least 32"):
        load({}, environ)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a\n- b\n", "setting: value"),
        ("a: [\n", "not YAML"),
        ("prot: 1\n", "prot: no such setting"),
        ("port: x", "'x'"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        load({}, {}, file)


def test_an_empty_file_sets_nothing_and_a_missing_one_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text("# nothing yet\n")
    assert load({}, {}, file) == load({}, {})
    with pytest.raises(ConfigError, match="cannot be read"):
        load({}, {}, tmp_path / "missing.yaml")


def test_a_misspelt_variable_is_found() -> None:
    environ = {
        "ASOCIAL_PROT": "1",
        "ASOCIAL_PORT": "2",
        "ASOCIAL_CONFIG": "x",
        "ASOCIAL_TEST_CHROMIUM": "y",
        "PATH": "",
    }
    environ |= {"ASOCIAL_URL": "http://localhost:8080", "ASOCIAL_TOKEN": "t", "ASOCIAL_KEY": "k"}
    assert unknown_variables(environ) == ["ASOCIAL_PROT"]


# Settings as people write them.

SECRETS = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
KEY = "k" * 40


@pytest.mark.parametrize("name", Settings.model_fields)
@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_variable_is_one_that_is_not_set(name: str, empty: str) -> None:
    assert load({}, {f"ASOCIAL_{name.upper()}": empty}) == load({}, {})


def test_an_empty_variable_leaves_the_file_its_value(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text("port: 1001\npublic_url:\nsecret: ~\n")
    settings = load({}, {"ASOCIAL_PORT": "", "ASOCIAL_CONFIG": str(file)})
    assert (settings.port, settings.public_url, settings.secret.get_secret_value()) == (1001, "", "")
    assert load({}, {"ASOCIAL_CONFIG": ""}) == load({}, {})


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_every_secret_may_come_from_a_file_or_a_variable_with_one_line_end(tmp_path: Path, name: str, end: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbf" + f"  {KEY} \n{end}".encode())
    variable = f"ASOCIAL_{name.upper()}"
    from_file = load({}, {f"{variable}_FILE": str(file)})
    from_variable = load({}, {variable: f"  {KEY} \n{end}"})
    for settings in (from_file, from_variable):
        assert getattr(settings, name).get_secret_value() == (f"  {KEY} \n" if end else f"  {KEY} ")
    with pytest.raises(ConfigError, match="not both") as caught:
        load({name: KEY}, {f"{variable}_FILE": str(file)})
    assert f"--{name.replace('_', '-')}" in str(caught.value)
    assert f"{variable}_FILE" in str(caught.value)


@pytest.mark.parametrize("name", SECRETS)
def test_an_unusable_secret_file_is_reported_in_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    variable = f"ASOCIAL_{name.upper()}_FILE"
    for path, says in {
        tmp_path / "empty": "is empty",
        tmp_path / "binary": "is not text",
        tmp_path / "missing": "No such file",
        tmp_path: "Is a directory",
    }.items():
        with pytest.raises(ConfigError) as caught:
            load({}, {variable: str(path)})
        message = str(caught.value)
        assert message.startswith(f"{name}_file: {str(path)!r} ")
        assert says in message
        assert f"(from {variable})" in message
        assert "\n" not in message


def test_a_secret_given_where_its_file_belongs_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        load({}, {"ASOCIAL_REDIS_PASSWORD_FILE": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert "ASOCIAL_REDIS_PASSWORD_FILE" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("redis_password: 123456", "redis_password", "123456"),
        ("redis_password: 0123", "redis_password", "0123"),
        ("redis_password: 12:30:00", "redis_password", "12:30:00"),
        ("redis_password: 1_000", "redis_password", "1_000"),
        ("redis_password: 1e3", "redis_password", "1e3"),
        ("redis_password: 2026-01-01", "redis_password", "2026-01-01"),
        ("redis_password: yes", "redis_password", "yes"),
        ("redis_password: |\n  two words\n", "redis_password", "two words"),
        ("redis_username: 42", "redis_username", "42"),
        ("jwt_audience: 4711", "jwt_audience", ("4711",)),
        ("jwt_audience: [4711, 0x1]", "jwt_audience", ("4711", "0x1")),
        ("host: 1.5", "host", "1.5"),
        ("port: 9000", "port", 9000),
        ("behind_tls: yes", "behind_tls", True),
        ("behind_tls: Off", "behind_tls", False),
        ("grace_seconds: 1.5", "grace_seconds", 1.5),
        ("log_level: INFO", "log_level", "info"),
        ("env: Production", "env", "production"),
        ("PORT: 9000", "port", 9000),
        ("Log-Level: debug", "log_level", "debug"),
    ],
)
def test_a_value_in_yaml_is_what_was_written(tmp_path: Path, line: str, name: str, value: object) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text(line)
    found = getattr(load({}, {}, file), name)
    assert (found.get_secret_value() if isinstance(found, SecretStr) else found) == value


@pytest.mark.parametrize(
    "text",
    [
        "redis_password: *hunter2", "redis_password: !hunter2 x", 'redis_password: "hunter2', "secret: @hunter2",
        "redis_password: %hunter2", "redis_password: a: hunter2", "redis_password: [hunter2", "secret: {hunter2: 1}",
        "redis_password: `hunter2", "port: 1\nredis_password:hunter2", "redis_password=hunter2", "secret: hunter2",
        "redis_password: &hunter2 a\nport: x", "redis_password: hunter2\n\tport: 1", "redis_url: [hunter2]",
        "redis_password: hunter2\nport: x", "redis_password: - hunter2\n  - b", "? [hunter2]\n: x",
        "redis_password=hunter2: x", "jwt_jwks_url: [https://u:hunter2@h/]",
    ],
)  # fmt: skip
def test_no_error_about_a_file_shows_a_secret_in_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load({}, {}, file)
    assert "hunter2" not in str(caught.value)
    assert str(file) in str(caught.value), "the source is named"
    assert "\n" not in str(caught.value)


def test_an_error_about_yaml_says_where(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    file.write_text("port: 1\nhost: ::\n")
    with pytest.raises(ConfigError, match=r"is not YAML \(line 2, column \d+\); put .* quotes"):
        load({}, {}, file)


def test_displayed_values_have_no_credentials() -> None:
    assert shown("https://user:pa/ss@host/keys?key=hunter2") == "'https://...@host/keys?...'"
    assert shown(("https://u:p@h", 3)) == "'https://...@h', 3"
    assert shown({"a": "hunter2"}) == "a mapping"
    assert shown("x" * 500) == repr("x" * 200)


def test_variables_that_kubernetes_makes_for_a_service_named_asocial_are_no_settings() -> None:
    links = {
        "ASOCIAL_SERVICE_HOST": "10.0.0.1",
        "ASOCIAL_SERVICE_PORT": "8080",
        "ASOCIAL_SERVICE_PORT_HTTP": "8080",
        "ASOCIAL_PORT": "tcp://10.0.0.1:8080",
        "ASOCIAL_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "ASOCIAL_PORT_8080_TCP_PROTO": "tcp",
        "ASOCIAL_PORT_8080_TCP_PORT": "8080",
        "ASOCIAL_PORT_8080_TCP_ADDR": "10.0.0.1",
        "ASOCIAL_REDIS_SERVICE_HOST": "10.0.0.2",
        "ASOCIAL_REDIS_PORT": "tcp://[fd00::2]:6379",
        "ASOCIAL_REDIS_PORT_6379_TCP": "tcp://[fd00::2]:6379",
    }
    assert load({}, links) == load({}, {})
    assert unknown_variables(links) == []
    assert unknown_variables(links | {"ASOCIAL_SERVICE_HOTS": "x", "ASOCIAL_REDIS_PORT": "6379"}) == [
        "ASOCIAL_REDIS_PORT",
        "ASOCIAL_SERVICE_HOTS",
    ]


def test_the_nearest_name_is_offered(tmp_path: Path) -> None:
    file = tmp_path / "asocial.yaml"
    for key in ("prot", "asocial_port", "ASOCIAL-PORT"):
        file.write_text(f"{key}: 1")
        with pytest.raises(ConfigError, match=rf"{key}: no such setting .*did you mean port\?"):
            load({}, {}, file)
    assert hint_for("ASOCIAL_PROT") == "did you mean ASOCIAL_PORT?"
    assert "only secrets" in hint_for("ASOCIAL_PORT_FILE")
    assert hint_for("ASOCIAL_WHATEVER_IT_IS") == ""


@pytest.mark.parametrize("public_url", ["https://Talk.example/", "https://talk.example:443", "https://talk.example"])
def test_the_public_url_is_written_as_browsers_send_it(public_url: str) -> None:
    assert load({"public_url": public_url}, {}).public_url == "https://talk.example"


@pytest.mark.parametrize("name", ["allowed_origins", "frame_ancestors", "public_url"])
@pytest.mark.parametrize(
    "origin", ["https://a.example/app", "a.example", "https://a.*.example", "https://127.1", "null"]
)
def test_w41_an_origin_that_can_never_match_is_refused_with_the_reason(name: str, origin: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({name: origin}, {})
    assert str(caught.value).startswith(f"{name}: {origin!r} is not allowed (from --{name.replace('_', '-')}): ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--redis-pasword", "hunter2"], ["--redis-pasword=hunter2"], ["--redis-pass=hunter2"], ["hunter2"],
        ["--redis=hunter2"], ["--secret", "hunter2"],
    ],
)  # fmt: skip
def test_no_secret_on_the_command_line_is_repeated(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(["serve", "--host", "192.0.2.77", *arguments])
    except SystemExit as end:
        code = end.code
    shows = capsys.readouterr()
    assert code == 2
    assert "hunter2" not in shows.err + shows.out


def test_in_production_a_load_balancer_gets_time_unless_told_otherwise() -> None:
    assert load({}, {}).lifecycle.drain_notice_s == 0
    assert load({"env": "production"}, {}).lifecycle.drain_notice_s == 5
    assert load({"env": "production", "drain_notice_seconds": "0"}, {}).lifecycle.drain_notice_s == 0


def test_help_documents_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        assert flag_of(name) in text
        assert f"ASOCIAL_{name.upper()}" in text
        assert field.description
        assert field.description in text
        assert allowed(field) in text


EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


def test_the_example_file_sets_nothing_as_it_is() -> None:
    assert load({}, {}, EXAMPLE) == load({}, {})


def test_the_example_file_lists_every_setting_with_its_default_and_what_it_means(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text().splitlines()
    uncommented = tmp_path / "asocial.yaml"
    uncommented.write_text("\n".join(re.sub("^#(?!#| |$)", "", line) for line in lines))
    assert load({}, {}, uncommented).model_dump() == load({}, {}).model_dump()
    listed: dict[str, tuple[str, str]] = {}
    explanation: list[str] = []
    for line in lines:
        if setting := re.fullmatch(r"#(\w+):(.*)", line):
            listed[setting[1]] = (" ".join(explanation), setting[2].strip().strip('"'))
        explanation = [*explanation, line.removeprefix("## ")] if line.startswith("## ") else []
    assert listed == {
        name: (f"{field.description} ({allowed(field)})", default_of(field))
        for name, field in Settings.model_fields.items()
    }


def test_a_wrong_value_ends_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "abc"]) == 2
    assert "port: 'abc' is not allowed (from --port)" in capsys.readouterr().err


def test_every_setting_and_its_default_are_in_the_run_book() -> None:
    book = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    for name, field in Settings.model_fields.items():
        row = f"| `ASOCIAL_{name.upper()}` | {default_of(field) or '-'} |"
        assert row in book, f"docs/operations.md, 'Settings', has no line that begins with {row}"


def test_no_table_of_the_run_book_has_a_setting_twice() -> None:
    book = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    for table in re.findall(r"(?:^\|.*\n)+", book, re.MULTILINE):
        names = re.findall(r"^\| (`ASOCIAL_\w+`) \|", table, re.MULTILINE)
        assert sorted(names) == sorted(set(names))
