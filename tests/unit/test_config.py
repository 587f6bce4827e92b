"""Settings: where they come from, who wins, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from asocial.cli import main
from asocial.config import ConfigError, Settings, allowed, default_of, flag_of, load, unknown_variables


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
        ({"message_ttl_seconds": "0"}, {}, ["message_ttl_seconds", "'0'", "--message-ttl-seconds", "above 0"]),
        ({"allowed_origins": "example.org"}, {}, ["allowed_origins", "'example.org'", "https://example.org"]),
        ({"allowed_origins": "https://a.example/path"}, {}, ["allowed_origins", "origins"]),
        ({"public_url": "talk.example"}, {}, ["public_url", "'talk.example'", "an origin as https://"]),
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
    assert unknown_variables(environ) == ["ASOCIAL_PROT"]


def test_in_production_a_load_balancer_gets_time_unless_told_otherwise() -> None:
    assert load({}, {}).effective_drain_notice_seconds == 0
    assert load({"env": "production"}, {}).effective_drain_notice_seconds == 5
    assert load({"env": "production", "drain_notice_seconds": "0"}, {}).effective_drain_notice_seconds == 0


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


def test_a_wrong_value_ends_with_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "abc"]) == 2
    assert "port: 'abc' is not allowed (from --port)" in capsys.readouterr().err


def test_every_setting_and_its_default_are_in_the_run_book() -> None:
    book = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    for name, field in Settings.model_fields.items():
        row = f"| `ASOCIAL_{name.upper()}` | {default_of(field) or '-'} |"
        assert row in book, f"docs/operations.md, 'Every setting', has no line that begins with {row}"
