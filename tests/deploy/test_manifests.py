"""What Kustomize makes for each overlay: it is valid, and it is what we decided."""

from __future__ import annotations

import ipaddress
import re
import shutil
import stat
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from asocial.config import load
from asocial.settings import Settings
from tests.deploy.tools import DEPLOY, run

KUSTOMIZE = DEPLOY / "kustomize"
PLAIN_OVERLAYS = ("dev", "prod", "prod-gateway")
OPTIONAL = ("auth", "otlp", "redis-outside")
"""Components that no overlay has: each is built on top of prod, under a name such as `prod+auth`."""
OVERLAYS = (*PLAIN_OVERLAYS, *(f"prod+{name}" for name in OPTIONAL))
NOT_OF_KUBERNETES = {"ServiceMonitor", "PrometheusRule", "Gateway", "HTTPRoute"}
"""Custom resources: their schemas come with their operators."""
Manifest = dict[str, Any]

PROBES = {
    "livenessProbe": ("/health", 10, 10, 2, 3),
    "readinessProbe": ("/ready", 5, 5, 2, 2),
}
RESOURCES = {
    "backend": ("100m", "1000m", "64Mi", "256Mi"),
    "frontend": ("100m", "500m", "128Mi", "512Mi"),
    "redis": ("100m", "500m", "128Mi", "512Mi"),
}


SECRETS = "run-make-secrets-first.env"


@cache
def built(overlay: str) -> tuple[Manifest, ...]:
    """What `kubectl apply -k` would apply: of a copy, so that a checkout's own secrets stay as they are."""
    with TemporaryDirectory() as folder:
        copy = clone_of_deploy(Path(folder))
        name, _, component = overlay.partition("+")
        make_secrets(copy, name, "--new")
        place = copy / "kustomize" / "overlays" / name
        if component:
            file = place / "kustomization.yaml"
            text = file.read_text()
            assert text.count("\ncomponents:\n") == 1
            file.write_text(text.replace("\ncomponents:\n", f"\ncomponents:\n  - ../../components/{component}\n"))
        return tuple(yaml.safe_load_all(run("kubectl", "kustomize", place)))


def clone_of_deploy(folder: Path) -> Path:
    """deploy/ as a fresh clone has it."""
    return Path(shutil.copytree(DEPLOY, folder / "deploy", ignore=shutil.ignore_patterns(SECRETS)))


def make_secrets(deploy: Path, *arguments: str, path: str = "/usr/bin:/bin") -> str:
    done = subprocess.run(
        [deploy / "kustomize" / "make-secrets", *arguments],
        env={"PATH": path},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


def find(overlay: str, kind: str, name: str) -> Manifest:
    (found,) = [each for each in built(overlay) if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def workloads(overlay: str) -> Iterator[Manifest]:
    yield from (each for each in built(overlay) if each["kind"] in ("Deployment", "StatefulSet", "DaemonSet", "Job"))


def pods(overlay: str) -> Iterator[tuple[str, Manifest]]:
    for each in workloads(overlay):
        yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def containers(overlay: str) -> Iterator[tuple[str, Manifest]]:
    for name, pod in pods(overlay):
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            yield f"{name}/{container['name']}", container


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_is_valid_kubernetes(overlay: str, tmp_path: Path) -> None:
    ours = [each for each in built(overlay) if each["kind"] not in NOT_OF_KUBERNETES]
    assert len(ours) > 10
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(ours))
    run("kubernetes-validate", "--strict", file)


def test_the_validator_rejects_an_invalid_manifest(tmp_path: Path) -> None:
    wrong = dict(find("prod", "Deployment", "backend"))
    wrong["spec"] = {**wrong["spec"], "replica": 3}
    file = tmp_path / "wrong.yaml"
    file.write_text(yaml.safe_dump(wrong))
    with pytest.raises(AssertionError, match="replica"):
        run("kubernetes-validate", "--strict", file)


def test_every_component_is_tested() -> None:
    used = {
        Path(component).name
        for overlay in PLAIN_OVERLAYS
        for component in yaml.safe_load((KUSTOMIZE / "overlays" / overlay / "kustomization.yaml").read_text()).get(
            "components", ()
        )
    }
    assert used.isdisjoint(OPTIONAL)
    assert used | set(OPTIONAL) == {each.name for each in (KUSTOMIZE / "components").iterdir()}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_runs_as_nobody_without_privileges(overlay: str) -> None:
    for name, pod in pods(overlay):
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["serviceAccountName"] == "asocial", name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        assert not [volume for volume in pod.get("volumes", ()) if "hostPath" in volume], name
    for name, container in containers(overlay):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_container_has_requests_limits_and_both_probes(overlay: str) -> None:
    for name, container in containers(overlay):
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= container["resources"][kind].keys(), name
        if container["name"] != "page-headers":  # an init container: it ends
            assert {"livenessProbe", "readinessProbe"} <= container.keys(), name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_image_has_a_version_and_none_is_latest(overlay: str) -> None:
    for name, container in containers(overlay):
        _, colon, tag = container["image"].rpartition("/")[2].partition(":")
        assert colon, f"{name}: {container['image']}"
        assert tag not in ("", "latest"), name


def test_the_images_are_the_version_of_this_tree() -> None:
    import tomllib

    version = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text())["project"]["version"]
    images = {name: container["image"] for name, container in containers("prod")}
    assert images["backend/backend"] == f"ghcr.io/asocial/asocial:{version}"
    assert images["frontend/frontend"] == f"ghcr.io/asocial/asocial-web:{version}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_documented_probes_are_set(overlay: str) -> None:
    (container,) = [each for name, each in containers(overlay) if name == "backend/backend"]
    for kind, (path, delay, period, timeout, failures) in PROBES.items():
        assert container[kind] == {
            "httpGet": {"path": path, "port": "http"},
            "initialDelaySeconds": delay,
            "periodSeconds": period,
            "timeoutSeconds": timeout,
            "failureThreshold": failures,
        }, kind


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_documented_sizes_are_set(overlay: str) -> None:
    for name, container in containers(overlay):
        if container["name"] in RESOURCES:
            cpu, most_cpu, memory, most_memory = RESOURCES[container["name"]]
            assert container["resources"] == {
                "requests": {"cpu": cpu, "memory": memory},
                "limits": {"cpu": most_cpu, "memory": most_memory},
            }, name


def test_production_has_three_processes_that_scale_to_ten() -> None:
    spec = find("prod", "HorizontalPodAutoscaler", "backend-hpa")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    assert spec["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "policies": [{"type": "Percent", "value": 100, "periodSeconds": 30}],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
        },
    }
    cpu, memory, connections = spec["metrics"]
    assert cpu["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
    # 80 % of the limit of 256Mi.
    assert memory["resource"]["target"] == {"type": "AverageValue", "averageValue": "205Mi"}
    assert connections["pods"]["metric"]["name"] == "asocial_websocket_connections_active"
    page = find("prod", "HorizontalPodAutoscaler", "frontend-hpa")["spec"]
    assert (page["minReplicas"], page["maxReplicas"]) == (2, 5)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_applying_again_does_not_undo_the_autoscaler(overlay: str) -> None:
    for name in ("backend", "frontend"):
        assert "replicas" not in find(overlay, "Deployment", name)["spec"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_rolling_update_has_a_new_one_before_an_old_one_goes_and_time_to_drain(overlay: str) -> None:
    for name in ("backend", "frontend"):
        spec = find(overlay, "Deployment", name)["spec"]
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    pod = find(overlay, "Deployment", "backend")["spec"]["template"]["spec"]
    settings = configured(overlay)
    assert pod["terminationGracePeriodSeconds"] > settings.drain_seconds
    # The endpoints notice after one probe at the latest; the next pod waits longer than people take to return.
    assert settings.lifecycle.drain_notice_s >= 5
    minimum = find(overlay, "Deployment", "backend")["spec"]["minReadySeconds"]
    assert minimum >= settings.reconnect_spread_seconds
    assert settings.reconnect_spread_seconds + settings.lifecycle.drain_notice_s < settings.drain_seconds


def configured(overlay: str) -> Settings:
    """The settings of the backend, by our own reading: a wrong or misspelt one fails here."""
    (data,) = [
        each["data"] for each in built(overlay) if each["kind"] == "ConfigMap" and "ASOCIAL_ENV" in each.get("data", {})
    ]
    known = {f"ASOCIAL_{name.upper()}" for name in Settings.model_fields}
    assert data.keys() <= known
    return load({}, data)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_settings_are_ours_and_the_backend_reads_them(overlay: str) -> None:
    assert configured(overlay).env == "production"
    container = find(overlay, "Deployment", "backend")["spec"]["template"]["spec"]["containers"][0]
    assert container["envFrom"] == [
        {"configMapRef": {"name": "backend-config"}},
        {"secretRef": {"name": "backend-secrets"}},
    ]
    assert find(overlay, "ConfigMap", "backend-config")
    variables = find(overlay, "Secret", "backend-secrets")["data"]
    settings = load({}, {name: b64decode(value).decode() for name, value in variables.items()})
    assert settings.secret.get_secret_value()
    assert settings.redis_password.get_secret_value()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_names_and_ports_are_those_of_the_system_before_this_one(overlay: str) -> None:
    found = {(each["kind"], each["metadata"]["name"]) for each in built(overlay)}
    names = {("Deployment", "backend"), ("Deployment", "frontend"), ("ConfigMap", "backend-config"),
             ("Secret", "backend-secrets"), ("Service", "redis")}  # fmt: skip
    if overlay != "dev":
        names |= {("HorizontalPodAutoscaler", "backend-hpa"), ("StatefulSet", "redis")}
    assert names <= found
    ports = {
        name: find(overlay, "Service", name)["spec"]["ports"][0]["port"] for name in ("backend", "frontend", "redis")
    }
    assert ports == {"backend": 8080, "frontend": 80, "redis": 6379}


def test_a_route_of_the_gateway_names_a_port_that_its_service_has() -> None:
    for rule in find("prod-gateway", "HTTPRoute", "asocial")["spec"]["rules"]:
        for reference in rule["backendRefs"]:
            ports = find("prod-gateway", "Service", reference["name"])["spec"]["ports"]
            assert reference["port"] in [each["port"] for each in ports], reference


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_secret_of_the_system_before_this_one_starts_every_pod(overlay: str) -> None:
    """It has REDIS_PASSWORD and FIREBASE_SERVICE_ACCOUNT, and no other key: no pod may insist on one."""
    text = yaml.safe_dump([pod for _, pod in pods(overlay)])
    assert set(re.findall(r"key: (\S+)", text)) <= {"REDIS_PASSWORD"}


@pytest.mark.parametrize("overlay", PLAIN_OVERLAYS)
def test_a_fresh_clone_holds_no_secret_and_says_what_makes_one(overlay: str, tmp_path: Path) -> None:
    copy = clone_of_deploy(tmp_path)
    with pytest.raises(AssertionError, match="make-secrets"):
        run("kubectl", "kustomize", copy / "kustomize" / "overlays" / overlay)
    for file in (each for each in (DEPLOY / "kustomize").rglob("*.yaml")):
        text = file.read_text()
        assert "stringData" not in text, file
        assert not re.search(r"secretGenerator:(\n .*)*literals", text), file


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_secret_comes_from_make_secrets(overlay: str) -> None:
    (secret,) = [each for each in built(overlay) if each["kind"] == "Secret"]
    assert secret["metadata"] == {"name": "backend-secrets", "namespace": "asocial"} | {
        key: value for key, value in secret["metadata"].items() if key == "labels"
    }
    assert secret["data"].keys() == {"ASOCIAL_SECRET", "REDIS_PASSWORD"}


def test_make_secrets_makes_strong_ones_once_and_keeps_them_private(tmp_path: Path) -> None:
    copy = clone_of_deploy(tmp_path)
    said = make_secrets(copy, "dev", "--new")
    file = copy / "kustomize" / "overlays" / "dev" / SECRETS
    first = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert first.keys() == {"ASOCIAL_SECRET", "REDIS_PASSWORD"}
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{64}", value) for value in first.values())
    assert first["ASOCIAL_SECRET"] != first["REDIS_PASSWORD"]
    assert not any(value in said for value in first.values())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "is kept" in make_secrets(copy, "dev", "--new")
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()) == first


def fake_kubectl(folder: Path, script: str) -> str:
    """A PATH on which `kubectl` is this script."""
    folder.mkdir()
    (folder / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "kubectl").chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_make_secrets_keeps_existing_secrets_of_the_cluster(tmp_path: Path) -> None:
    copy = clone_of_deploy(tmp_path)
    file = copy / "kustomize" / "overlays" / "prod" / SECRETS
    # In the order of what may happen: a cluster that cannot be asked, one that has a Secret, one that has none.
    path = fake_kubectl(tmp_path / "down", "echo 'connection refused' >&2; exit 1")
    assert "could not be asked" in make_secrets(copy, "prod", path=path)
    assert not file.exists()
    # base64 of "kept"
    path = fake_kubectl(tmp_path / "has", 'case "$*" in *jsonpath*) printf a2VwdA==;; esac')
    make_secrets(copy, "prod", path=path)
    assert file.read_text() == "ASOCIAL_SECRET=kept\nREDIS_PASSWORD=kept\n"
    file.unlink()
    not_found = "{ echo 'Error from server (NotFound): secrets not found' >&2; exit 1; }"
    # The Secret under the name that it had before.
    path = fake_kubectl(
        tmp_path / "old",
        f'case "$*" in *backend-secrets*) {not_found};; *data.secret}}) printf b2xk;; '
        "*jsonpath*) printf a2VwdA==; esac",
    )
    make_secrets(copy, "prod", path=path)
    assert file.read_text() == "ASOCIAL_SECRET=old\nREDIS_PASSWORD=kept\n"
    file.unlink()
    # The Secret of the system before this one lacks the first.
    path = fake_kubectl(tmp_path / "go", 'case "$*" in *ASOCIAL_SECRET*) ;; *jsonpath*) printf a2VwdA==;; esac')
    make_secrets(copy, "prod", path=path)
    assert re.fullmatch(r"ASOCIAL_SECRET=[A-Za-z0-9_-]{64}\nREDIS_PASSWORD=kept\n", file.read_text())
    file.unlink()
    path = fake_kubectl(tmp_path / "none", not_found)
    make_secrets(copy, "prod", path=path)
    assert re.match(r"ASOCIAL_SECRET=[A-Za-z0-9_-]{64}\n", file.read_text())
    assert "name an overlay: dev prod" in make_secrets(copy, "staging")


def test_git_ignores_the_secrets() -> None:
    ignored = run("git", "check-ignore", f"deploy/kustomize/overlays/prod/{SECRETS}")
    assert ignored.strip().endswith(SECRETS)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_the_proxys_own_network_is_trusted(overlay: str) -> None:
    """A list of all private networks lets any private client choose its address (W40)."""
    networks = [ipaddress.ip_network(each) for each in configured(overlay).trusted_proxies]
    assert networks, "without it all visitors share one limit"
    assert all(network.prefixlen >= 16 for network in networks)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_pods_and_policies_cover_all_of_them(overlay: str) -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in workloads(overlay)]

    def matches(selector: dict[str, str]) -> int:
        return sum(selector.items() <= each.items() for each in labels)

    for service in (each for each in built(overlay) if each["kind"] == "Service"):
        assert matches(service["spec"]["selector"]) == 1, service["metadata"]["name"]
    for budget in (each for each in built(overlay) if each["kind"] == "PodDisruptionBudget"):
        assert matches(budget["spec"]["selector"]["matchLabels"]) == 1
    policies = [each["spec"] for each in built(overlay) if each["kind"] == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies, "what is not allowed is forbidden"
    for policy in policies:
        selector = policy["podSelector"].get("matchLabels", {})
        assert matches(selector) >= 1, policy


@pytest.mark.parametrize(
    ("component", "ports"), [("auth", {443}), ("otlp", {4318}), ("redis-outside", {6379, 6380, 26379})]
)
def test_a_component_opens_the_way_out_that_it_needs_and_no_other(component: str, ports: set[int]) -> None:
    (policy,) = [each for each in built(f"prod+{component}") if each not in built("prod") and each["kind"] != "Secret"]
    assert policy["kind"] == "NetworkPolicy"
    spec = policy["spec"]
    assert spec["podSelector"] == find("prod", "NetworkPolicy", "backend")["spec"]["podSelector"]
    assert spec["policyTypes"] == ["Egress"]
    (rule,) = spec["egress"]
    assert "to" not in rule, "any address"
    assert {each["port"] for each in rule["ports"]} == ports


@pytest.mark.parametrize("overlay", PLAIN_OVERLAYS)
def test_the_front_end_makes_its_headers_from_the_settings_of_the_backend(overlay: str) -> None:
    pod = find(overlay, "Deployment", "frontend")["spec"]["template"]["spec"]
    (made,), (nginx,) = pod["initContainers"], pod["containers"]
    backend = find(overlay, "Deployment", "backend")["spec"]["template"]["spec"]["containers"][0]
    assert made["image"] == backend["image"]
    assert made["envFrom"] == [backend["envFrom"][0]], "the ConfigMap, and not the Secret"
    assert made["args"][:2] == ["page-headers", "--output"]
    target = Path(made["args"][2])
    (mount,) = [each for each in nginx["volumeMounts"] if each["name"] == "page-headers"]
    assert mount == {**made["volumeMounts"][0], "readOnly": True}
    assert str(target.parent) == mount["mountPath"]
    assert f"{mount['mountPath']}/*{target.suffix};" in (DEPLOY / "docker" / "nginx.conf").read_text()


def test_redis_has_three_replicas_with_sentinel_and_a_disk() -> None:
    redis = find("prod", "StatefulSet", "redis")["spec"]
    assert redis["replicas"] == 3
    assert redis["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "5Gi"
    assert [each["name"] for each in redis["template"]["spec"]["containers"]] == ["redis", "sentinel"]
    url = configured("prod").redis_url.get_secret_value()
    assert [f"redis-{number}.redis:26379" in url for number in range(3)] == [True] * 3


@pytest.mark.parametrize(("overlay", "kind"), [("dev", "Ingress"), ("prod", "Ingress"), ("prod-gateway", "HTTPRoute")])
def test_the_api_goes_to_the_backend_and_all_else_to_the_page(overlay: str, kind: str) -> None:
    spec = find(overlay, kind, "asocial")["spec"]
    if kind == "Ingress":
        paths = spec["rules"][0]["http"]["paths"]
        routes = [(each["path"], each["backend"]["service"]["name"]) for each in paths]
    else:
        routes = [(rule["matches"][0]["path"]["value"], rule["backendRefs"][0]["name"]) for rule in spec["rules"]]
    assert routes == [("/api/", "backend"), ("/", "frontend")]


def test_the_ingress_keeps_websockets_and_counts_requests() -> None:
    annotations = find("prod", "Ingress", "asocial")["metadata"]["annotations"]
    nginx = {key.removeprefix("nginx.ingress.kubernetes.io/"): value for key, value in annotations.items()}
    assert nginx["limit-rpm"] == "100"
    pings = configured("prod").ping_seconds
    assert min(int(nginx["proxy-read-timeout"]), int(nginx["proxy-send-timeout"])) > 4 * pings
    assert annotations["cert-manager.io/cluster-issuer"]
    assert find("prod", "Ingress", "asocial")["spec"]["tls"][0]["secretName"]
