"""The files of deploy/ and .github/: linters, schemas, and our rules for images."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from asocial.config import load
from tests.deploy.tools import DEPLOY, ROOT, run

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
ROOT_COMPOSE = ROOT / "compose.yaml"


def test_yaml_passes_yamllint() -> None:
    run("yamllint", "--strict", "-c", ROOT / ".yamllint.yaml", DEPLOY, ROOT / ".github", ROOT_COMPOSE)


def test_every_shell_script_passes_shellcheck() -> None:
    listed = run("git", "grep", "-lE", "^(#!/(usr/)?bin/(env )?(ba)?sh|# shellcheck shell=)").split()
    assert {"scripts/deploy.sh", "scripts/test.sh", "deploy/kustomize/make-secrets"} <= set(listed)
    run("shellcheck", "-x", "-P", "SCRIPTDIR", *(path for path in listed if not path.endswith(".py")))


def test_the_compose_file_at_the_root_is_the_same_project() -> None:
    assert yaml.safe_load(ROOT_COMPOSE.read_text()) == {
        "name": compose()["name"],
        "include": [str(COMPOSE.relative_to(ROOT))],
    }


def test_deploy_sh_names_what_it_can_deploy_and_passes_arguments_on(tmp_path: Path) -> None:
    for name in ("docker", "kubectl"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    def deploy(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "scripts" / "deploy.sh", *arguments], env=environ, capture_output=True, text=True, check=False
        )

    for arguments in ((), ("staging",), ("../base",)):
        refused = deploy(*arguments)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "compose dev prod prod-gateway" in refused.stderr
    done = deploy("compose", "--profile", "x y")
    assert done.stdout.startswith(f"docker compose -f {ROOT_COMPOSE} up --build --detach --profile x y"), done.stderr


def test_test_sh_hands_its_arguments_to_make_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "make").write_text('#!/bin/sh\nshift\nprintf "%s\\n" "$1" >"$OUT"\n')
    (tmp_path / "make").chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "OUT": str(tmp_path / "out")}
    subprocess.run([ROOT / "scripts" / "test.sh", "-k", "a or b's $x"], env=environ, check=True)
    text = (tmp_path / "out").read_text().strip().removeprefix("ARGS=")
    assert shlex.split(text.replace("$$", "$")) == ["-k", "a or b's $x"]


def test_the_dockerfile_passes_hadolint() -> None:
    run("hadolint", "--no-color", "-c", ROOT / ".hadolint.yaml", DOCKERFILE)


def test_the_workflows_pass_actionlint() -> None:
    run("actionlint", *sorted((ROOT / ".github" / "workflows").glob("*.yml")))


def test_every_action_is_pinned_by_its_commit_and_names_its_version() -> None:
    """A tag can be moved to other code; a commit cannot. Dependabot updates both the commit and the comment."""
    used = [
        line.strip()
        for workflow in (ROOT / ".github" / "workflows").glob("*.yml")
        for line in workflow.read_text().splitlines()
        if re.search(r"\buses:", line)
    ]
    assert len(used) > 15
    for line in used:
        assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_dependabot_and_compose_fit_their_schemas() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github" / "dependabot.yml")
    run(
        "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        COMPOSE,
        COMPOSE.parent / "outside.yaml",
        ROOT_COMPOSE,
    )


def stages() -> dict[str, str]:
    """The text of each stage of the Dockerfile, by name."""
    text = DOCKERFILE.read_text()
    found = re.split(r"^FROM .* AS (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_each_image_runs_as_nobody_without_a_shell_and_has_a_healthcheck() -> None:
    for name, port in {"backend": 8080, "frontend": 3000}.items():
        stage = stages()[name]
        assert re.search(r"^USER 65532:65532$", stage, re.MULTILINE)
        assert f"EXPOSE {port}\n" in stage
        for instruction in ("ENTRYPOINT", "CMD"):
            for command in re.findall(rf"^\s*{instruction} (.*)$", stage, re.MULTILINE):
                assert command.startswith("["), f"{name}: {instruction} in shell form"
        assert "HEALTHCHECK" in stage
        for label in ("title", "description", "licenses", "source", "version", "revision"):
            assert f"org.opencontainers.image.{label}=" in stage


def test_every_base_image_has_a_version() -> None:
    images = re.findall(r"^ARG (?:DEBIAN|NGINX)=(.*)$", DOCKERFILE.read_text(), re.MULTILINE)
    images += [service["image"] for service in compose()["services"].values()]
    assert len(images) > 8
    for image in images:
        _, colon, tag = re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", image).rpartition("/")[2].partition(":")
        assert colon, image
        assert re.search(r"\d", tag), image


def test_files_that_the_dockerfile_copies_are_in_its_context() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = [line[1:] for line in ignore if line.startswith("!")]
    for instruction in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE.read_text(), re.MULTILINE):
        for source in instruction.split()[:-1]:
            assert (ROOT / source).exists(), source
            if source != "src":  # holds nothing else
                above = [Path(source), *Path(source).parents]
                assert any(path.match(pattern) for path in above for pattern in allowed), source
    assert "!src/asocial" in ignore


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def test_compose_builds_each_image_once() -> None:
    """Compose builds in parallel; with a second build of the same tag `docker compose up --build` fails."""
    built = [service["image"] for service in compose()["services"].values() if "build" in service]
    assert len(built) == 2
    assert len(set(built)) == len(built)


def test_every_program_without_capabilities_can_write_to_its_volume() -> None:
    """The image of Alloy starts as root, whose capabilities we drop, and its directory belongs to the user 473."""
    assert compose()["services"]["alloy"]["user"] == "0:473"


def test_compose_makes_the_headers_of_the_front_end_from_the_settings_of_the_backends() -> None:
    services = compose()["services"]
    made, frontend = services["page-headers"], services["frontend"]
    assert made["env_file"] == services["backend-1"]["env_file"] == services["backend-2"]["env_file"]
    assert made["env_file"] == [{"path": "settings.env", "required": False}]
    assert run("git", "check-ignore", "deploy/compose/settings.env")
    assert frontend["depends_on"] == {"page-headers": {"condition": "service_completed_successfully"}}
    assert [f"{mount}:ro" for mount in made["volumes"]] == frontend["volumes"]
    folder = made["volumes"][0].partition(":")[2]
    target = Path(made["command"][-1])
    assert str(target.parent) == folder
    assert f"{folder}/*{target.suffix};" in (DEPLOY / "docker" / "nginx.conf").read_text()


def test_compose_lets_backends_out_by_a_network_that_traefik_is_not_in() -> None:
    """Else Traefik might come from an address that the backends do not trust."""
    outside = yaml.safe_load((COMPOSE.parent / "outside.yaml").read_text())
    assert outside["services"].keys() == {"backend-1", "backend-2"}
    for service in outside["services"].values():
        assert service == {"networks": ["inside", "outgoing"]}
    assert outside["networks"] == {"outgoing": {}}
    assert "outgoing" not in str(compose())


def test_the_notice_of_a_shutdown_is_long_enough_for_traefik() -> None:
    """Traefik asks each backend at an interval. Without an answer it waits for its timeout."""
    services = yaml.safe_load((COMPOSE.parent / "routes.yaml").read_text())["http"]["services"]
    check = services["backend"]["loadBalancer"]["healthCheck"]
    assert check["path"] == "/ready"
    given = compose()["services"]["backend-1"]["environment"]
    settings = load({}, {name: value for name, value in given.items() if name == "ASOCIAL_ENV"})
    assert settings.lifecycle.drain_notice_s > int(check["interval"][:-1]) + int(check["timeout"][:-1])


def test_compose_runs_everything_read_only_without_privileges() -> None:
    for name, service in compose()["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name


def test_compose_mounts_only_files_that_are_there_and_volumes_that_are_named() -> None:
    services, volumes = compose()["services"], compose()["volumes"]
    for name, service in services.items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE.parent / source).exists(), f"{name}: {source}"
            elif not source.startswith("/"):
                assert source in volumes, f"{name}: {source}"


def test_only_the_observability_profile_is_optional() -> None:
    plain = {name for name, service in compose()["services"].items() if "profiles" not in service}
    assert plain == {"traefik", "secret", "page-headers", "backend-1", "backend-2", "frontend", "redis"}
    behind = {name for name, service in compose()["services"].items() if service.get("profiles") == ["observability"]}
    assert behind == {"prometheus", "grafana", "grafana-password", "loki", "alloy"}


def test_compose_has_no_default_password() -> None:
    for name, service in compose()["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable and not variable.endswith("_FILE"):
                assert re.fullmatch(r"(\$\{\w+:-\})?", value), f"{name}: {variable}"


def test_compose_trusts_only_the_address_of_traefik() -> None:
    services, inside = compose()["services"], compose()["networks"]["inside"]["ipam"]["config"][0]
    address = services["traefik"]["networks"]["inside"]["ipv4_address"]
    assert services["backend-1"]["environment"]["ASOCIAL_TRUSTED_PROXIES"] == address
    found = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", each) for each in (address, inside["subnet"], inside["ip_range"])]
    traefik, subnet, others = IPv4Address(found[0]), IPv4Network(found[1]), IPv4Network(found[2])
    assert traefik in subnet
    assert others.subnet_of(subnet)
    assert traefik not in others
    assert others.num_addresses > len([each for each in services.values() if "inside" in each.get("networks", ())])


@pytest.mark.parametrize("file", ["deploy/docker/Dockerfile", "deploy/compose/compose.yaml"])
def test_the_version_is_that_of_the_project(file: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    named = re.findall(r"(?:asocial(?:-web)?:|VERSION=)(\d+\.\d+\.\d+)", (ROOT / file).read_text())
    assert named
    assert set(named) == {version}
