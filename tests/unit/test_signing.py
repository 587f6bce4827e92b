"""The signing secret: production refuses published and guessable ones."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest
import structlog

from asocial.config import ConfigError, load
from asocial.settings import Settings
from asocial.signing import signing_secret, weakness_of

ROOT = Path(__file__).parents[2]
SEARCHED = (".py", ".sh", ".yaml", ".yml", ".md", ".env", ".mjs", ".ts", "")
PUBLISHED = "for development only, never for people you do not know"


def settings(env: str, secret: str = "") -> Settings:
    return load({"env": env}, {"ASOCIAL_SECRET": secret})


@pytest.mark.parametrize(
    "secret",
    [PUBLISHED, f" {PUBLISHED}\n", f'"{PUBLISHED}"', PUBLISHED.upper(), "REPLACE-WITH-48-RANDOM-CHARACTERS-OR-MORE",
     "x" * 40, "s3cret-" * 6, "0123" * 16],
)  # fmt: skip
def test_a_published_or_guessable_secret_is_refused_in_production(secret: str) -> None:
    with pytest.raises(ConfigError, match=r"openssl rand -base64 48") as refused:
        signing_secret(settings("production", secret))
    assert secret.strip() not in str(refused.value)
    with structlog.testing.capture_logs() as lines:
        assert signing_secret(settings("development", secret)) == secret.rstrip("\n")
    assert [line["log_level"] for line in lines] == ["warning"]
    assert secret.strip() not in str(lines)


@pytest.mark.parametrize("env", ["development", "production"])
@pytest.mark.parametrize("secret", ["short", "x" * 31, "ü" * 15])
def test_a_secret_below_32_bytes_is_refused(env: str, secret: str) -> None:
    with pytest.raises(ConfigError, match=r"at least 32 bytes.*openssl rand -base64 48"):
        settings(env, secret)


def test_other_secrets_are_accepted_without_a_warning() -> None:
    for secret in (secrets.token_urlsafe(48), secrets.token_hex(16), "ü1234567890abcdef" * 2):
        with structlog.testing.capture_logs() as lines:
            assert signing_secret(settings("production", secret)) == secret
        assert lines == []


def test_without_a_secret_each_start_makes_its_own() -> None:
    made = {signing_secret(settings("production")) for _ in range(3)}
    assert len(made) == 3
    assert not any(map(weakness_of, made))


def test_every_secret_that_is_in_the_repository_is_known_as_published() -> None:
    """Whatever looks like the value of a secret. Should one be new: make it at runtime, or list it in signing.py."""
    git = shutil.which("git")
    listed = subprocess.run([git or "git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: which files are published is not known")
    named = re.compile(r"""secret[a-z_]*["']?\]?\s*(?::=|[:=(])\s*(["']?)([^"'\n{}$]{32,})\1""", re.IGNORECASE)
    found = {}
    for path in map(Path, listed.stdout.splitlines()):
        if path.parts[0] == "src" or path.suffix not in SEARCHED or not (ROOT / path).is_file():
            continue
        for match in named.finditer((ROOT / path).read_text(encoding="utf-8", errors="replace")):
            value = match[2].strip()
            if value.startswith("#"):
                continue  # nothing is set: a comment of the next line
            # Without quotes it may be a value in YAML; elsewhere it is prose or code.
            if match[1] or (path.suffix in (".yaml", ".yml", ".env", "") and not re.search(r"[()\[\]]|: ", value)):
                found[value] = str(path)
    assert found, "the search finds what it must"
    assert {value: path for value, path in found.items() if not weakness_of(value)} == {}
