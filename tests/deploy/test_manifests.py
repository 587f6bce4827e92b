"""The manifests that Kustomize makes for each overlay: valid, and as documented."""

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

from asocial.adapters.http.admission import SETTLED_FACTOR
from asocial.config import load
from asocial.settings import Settings
from tests.deploy.tools import DEPLOY, run

KUSTOMIZE = DEPLOY / "kustomize"
PLAIN_OVERLAYS = ("dev", "prod", "prod-gateway")
OPTIONAL = ("auth", "autoscaling", "ingress-host-network", "logs", "mesh", "otlp", "redis-outside")
"""Components that no overlay has: each is built on top of prod, under a name such as `prod+auth`."""
OVERLAYS = (*PLAIN_OVERLAYS, *(f"prod+{name}" for name in OPTIONAL))
NOT_OF_KUBERNETES = {"ServiceMonitor", "PrometheusRule", "Gateway", "HTTPRoute", "Middleware"}
"""Custom resources: their schemas come with their operators."""
Manifest = dict[str, Any]

PROBES = {
    "livenessProbe": ("/health", 10, 10, 2, 3),
    "readinessProbe": ("/ready", 5, 5, 2, 2),
}
RESOURCES = {
    "backend": ("100m", "1", "64Mi", "256Mi"),
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
        if name == "alloy":  # it reads logs from the API
            assert pod["serviceAccountName"] == "alloy"
        else:
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
    cpu, memory = spec["metrics"]
    assert cpu["resource"]["target"] == {"type": "Utilization", "averageUtilization": 70}
    # 80 % of the limit of 256Mi.
    assert memory["resource"]["target"] == {"type": "AverageValue", "averageValue": "205Mi"}
    page = find("prod", "HorizontalPodAutoscaler", "frontend-hpa")["spec"]
    assert (page["minReplicas"], page["maxReplicas"]) == (2, 5)


def test_only_the_component_scales_on_a_metric_that_needs_an_adapter() -> None:
    """Without the adapter the autoscaler cannot read the metric, and then it adds pods but never removes one."""
    for overlay in ("prod", "prod-gateway"):
        kinds = {each["type"] for each in find(overlay, "HorizontalPodAutoscaler", "backend-hpa")["spec"]["metrics"]}
        assert kinds == {"Resource"}
    metrics = find("prod+autoscaling", "HorizontalPodAutoscaler", "backend-hpa")["spec"]["metrics"]
    assert metrics[-1]["pods"]["metric"]["name"] == "asocial_websocket_connections_active"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_applying_again_does_not_undo_the_autoscaler(overlay: str) -> None:
    for name in ("backend", "frontend"):
        assert "replicas" not in find(overlay, "Deployment", name)["spec"], name


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_applying_again_changes_nothing(overlay: str) -> None:
    """Values as the API server stores them. `kubectl apply` says "configured" for an object with others, every time."""
    for each in built(overlay):
        name = f"{each['kind']}/{each['metadata']['name']}"
        for path, value in leaves(each):
            if re.search(r"(requests|limits)\.(cpu|memory|storage)$", path):
                assert canonical_quantity(value) == value, f"{name}: {path}"
        spec = each.get("spec", {})
        if each["kind"] == "NetworkPolicy":
            for rule in [*spec.get("ingress", ()), *spec.get("egress", ())]:
                assert all("protocol" in port for port in rule.get("ports", ())), name
        for claim in spec.get("volumeClaimTemplates", ()):
            assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")
            assert (claim["spec"]["volumeMode"], claim["status"]) == ("Filesystem", {"phase": "Pending"})
        for route in spec.get("parentRefs", ()):
            assert {"group", "kind"} <= route.keys(), name
        for rule in spec.get("rules", ()) if each["kind"] == "HTTPRoute" else ():
            assert "matches" in rule, name
            assert all({"group", "kind", "weight"} <= to.keys() for to in rule.get("backendRefs", ())), name
        for listener in spec.get("listeners", ()):
            assert "allowedRoutes" in listener, name
        if each["kind"] == "Secret":
            assert not any("\n" in value.strip() for value in each["data"].values()), "kustomize breaks long values"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, f"{path}[{number}]")
    else:
        yield path, value


def canonical_quantity(value: Any) -> str:
    """As Kubernetes stores it: a string, the largest unit that leaves a whole number."""
    found = re.fullmatch(r"(\d+)(m|Ki|Mi|Gi)?", str(value))
    assert found is not None, value
    number, unit = int(found[1]), found[2] or ""
    for small, factor, large in (("m", 1000, ""), ("Ki", 1024, "Mi"), ("Mi", 1024, "Gi")):
        if unit == small and number % factor == 0:
            number, unit = number // factor, large
    return f"{number}{unit}"


def test_quantities_are_compared_as_kubernetes_stores_them() -> None:
    assert [canonical_quantity(each) for each in ("1000m", "100m", "1024Mi", "256Mi", 1)] == [
        "1", "100m", "1Gi", "256Mi", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("overlay", PLAIN_OVERLAYS)
def test_the_namespace_is_set_in_one_place(overlay: str, tmp_path: Path) -> None:
    copy = clone_of_deploy(tmp_path)
    file = copy / "kustomize" / "overlays" / overlay / "kustomization.yaml"
    text = file.read_text()
    assert text.count("namespace: asocial\n") == 1
    file.write_text(text.replace("namespace: asocial\n", "namespace: garden\n"))
    path = fake_kubectl(tmp_path / "bin", "printf '%s ' \"$@\" >>$0.asked; echo 'Error (NotFound)' >&2; exit 1")
    make_secrets(copy, overlay, path=path)
    assert "-n garden" in (tmp_path / "bin" / "kubectl.asked").read_text()
    made = list(yaml.safe_load_all(run("kubectl", "kustomize", file.parent)))
    assert {each["metadata"].get("namespace") for each in made} == {"garden", None}
    assert [each["metadata"]["name"] for each in made if "namespace" not in each["metadata"]] == ["garden"]
    wrong = [path for each in made for path, value in leaves(each) if re.search(r"\basocial\.svc\b", str(value))]
    assert wrong == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_rolling_update_has_a_new_one_before_an_old_one_goes_and_time_to_drain(overlay: str) -> None:
    for name in ("backend", "frontend"):
        spec = find(overlay, "Deployment", name)["spec"]
        assert spec["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    pod = find(overlay, "Deployment", "backend")["spec"]["template"]["spec"]
    settings = configured(overlay)
    assert pod["terminationGracePeriodSeconds"] > settings.drain_seconds
    assert settings.lifecycle.drain_notice_s >= notice_that_kubernetes_needs_s(pod["containers"][0])
    # The next pod waits longer than people take to return.
    minimum = find(overlay, "Deployment", "backend")["spec"]["minReadySeconds"]
    assert minimum >= settings.reconnect_spread_seconds
    assert settings.reconnect_spread_seconds + settings.lifecycle.drain_notice_s < settings.drain_seconds


ENDPOINTS_S = 1
"""Until proxies have learnt from Kubernetes that a pod is not ready."""


def notice_that_kubernetes_needs_s(container: Manifest) -> float:
    """Until the readiness probe has failed often enough; the first may come a whole period after the drain began."""
    probe = container["readinessProbe"]
    return float(probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"] + ENDPOINTS_S)


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
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{48}", value) for value in first.values())
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
    assert re.fullmatch(r"ASOCIAL_SECRET=[A-Za-z0-9_-]{48}\nREDIS_PASSWORD=kept\n", file.read_text())
    file.unlink()
    path = fake_kubectl(tmp_path / "none", not_found)
    make_secrets(copy, "prod", path=path)
    assert re.match(r"ASOCIAL_SECRET=[A-Za-z0-9_-]{48}\n", file.read_text())
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


MADE_BY_OTHERS = {"acme.cert-manager.io/http01-solver", "gateway.networking.k8s.io/gateway-name"}
"""Labels of pods that cert-manager and implementations of the Gateway API start in our namespace."""


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
        assert matches(selector) >= 1 or selector.keys() <= MADE_BY_OTHERS, policy


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


def test_the_collector_of_logs_reads_pods_of_its_namespace_and_nothing_else() -> None:
    kinds = [each["kind"] for each in built("prod+logs")]
    assert "ClusterRole" not in kinds
    rules = find("prod+logs", "Role", "alloy")["rules"]
    assert {(*rule["resources"], *rule["verbs"]) for rule in rules} == {
        ("pods", "get", "list", "watch"),
        ("pods/log", "get"),
    }
    compose, kubernetes = ((DEPLOY / "loki" / f"{name}.alloy").read_text() for name in ("config", "kubernetes"))
    same = compose[compose.index("loki.process") :]
    assert kubernetes.endswith(same), "both read lines alike"
    assert "http://loki:3100/" in same
    assert find("prod+logs", "Service", "loki")["spec"]["ports"][0]["port"] == 3100


def test_redis_has_three_replicas_with_sentinel_and_a_disk() -> None:
    redis = find("prod", "StatefulSet", "redis")["spec"]
    assert redis["replicas"] == 3
    assert redis["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "5Gi"
    assert [each["name"] for each in redis["template"]["spec"]["containers"]] == ["redis", "sentinel"]
    url = configured("prod").redis_url.get_secret_value()
    assert [f"redis-{number}.redis:26379" in url for number in range(3)] == [True] * 3


def ingress_paths(overlay: str) -> dict[str, tuple[str, Manifest]]:
    """The service of each path, and the annotations of its Ingress."""
    return {
        path["path"]: (path["backend"]["service"]["name"], each["metadata"].get("annotations", {}))
        for each in built(overlay)
        if each["kind"] == "Ingress"
        for path in each["spec"]["rules"][0]["http"]["paths"]
    }


@pytest.mark.parametrize(("overlay", "kind"), [("dev", "Ingress"), ("prod", "Ingress"), ("prod-gateway", "HTTPRoute")])
def test_the_api_goes_to_the_backend_and_all_else_to_the_page(overlay: str, kind: str) -> None:
    if kind == "Ingress":
        routes = {path: service for path, (service, _) in ingress_paths(overlay).items()}
    else:
        rules = find(overlay, kind, "asocial")["spec"]["rules"]
        routes = {rule["matches"][0]["path"]["value"]: rule["backendRefs"][0]["name"] for rule in rules}
    assert routes == {"/api/": "backend", "/": "frontend"}


def test_the_ingress_keeps_websockets() -> None:
    annotations = find("prod", "Ingress", "asocial-api")["metadata"]["annotations"]
    nginx = {key.removeprefix("nginx.ingress.kubernetes.io/"): value for key, value in annotations.items()}
    pings = configured("prod").ping_seconds
    assert min(int(nginx["proxy-read-timeout"]), int(nginx["proxy-send-timeout"])) > 4 * pings


def test_w121_every_proxy_limits_the_api_alone_and_lets_a_classroom_in_as_fast_as_the_server() -> None:
    a_minute = 600
    limit = {"average": a_minute, "period": "1m", "burst": 600}
    # Each visitor connects, and may ask for the configuration.
    assert a_minute >= 2 * SETTLED_FACTOR * configured("prod").connections_per_minute_per_ip
    # Ingress-NGINX: an annotation counts for a whole Ingress.
    paths = ingress_paths("prod")
    prefix = "nginx.ingress.kubernetes.io/limit-"
    nginx = {key.removeprefix(prefix): int(value) for key, value in paths["/api/"][1].items() if prefix in key}
    assert nginx == {"rpm": limit["average"], "burst-multiplier": 1}
    assert not [key for key in paths["/"][1] if prefix in key]
    # Traefik, as implementation of the Gateway API and in Compose.
    assert find("prod-gateway", "Middleware", "limit")["spec"] == {"rateLimit": limit}
    api, page = find("prod-gateway", "HTTPRoute", "asocial")["spec"]["rules"]
    assert api["filters"] == [
        {"type": "ExtensionRef", "extensionRef": {"group": "traefik.io", "kind": "Middleware", "name": "limit"}}
    ]
    assert "filters" not in page
    routes = yaml.safe_load((DEPLOY / "compose" / "routes.yaml").read_text())["http"]
    assert routes["middlewares"]["perip"] == {"rateLimit": limit}
    assert routes["routers"]["api"]["middlewares"] == ["perip"]
    assert "middlewares" not in routes["routers"]["page"]


def test_a_certificate_has_its_issuer_and_the_way_to_the_pod_that_proves_the_host_name() -> None:
    issuers = {
        each["metadata"]["name"]: each["spec"]["acme"]["solvers"][0]["http01"]
        for each in yaml.safe_load_all((KUSTOMIZE / "cluster-issuers.yaml").read_text())
        if each["kind"] == "ClusterIssuer"
    }
    ingress, gateway = find("prod", "Ingress", "asocial"), find("prod-gateway", "Gateway", "asocial")
    issuer = "cert-manager.io/cluster-issuer"
    solver = issuers[ingress["metadata"]["annotations"][issuer]]["ingress"]
    assert solver == {"ingressClassName": ingress["spec"]["ingressClassName"]}
    assert {each["spec"]["tls"][0]["secretName"] for each in built("prod") if each["kind"] == "Ingress"} == {
        "asocial-tls"
    }
    (parent,) = issuers[gateway["metadata"]["annotations"][issuer]]["gatewayHTTPRoute"]["parentRefs"]
    assert (parent["name"], parent["namespace"]) == (gateway["metadata"]["name"], gateway["metadata"]["namespace"])
    assert parent["sectionName"] in [each["name"] for each in gateway["spec"]["listeners"] if each["port"] == 80]
    for overlay in ("prod", "prod-gateway"):
        policy = find(overlay, "NetworkPolicy", "http01-solver")["spec"]
        assert policy["podSelector"] == {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
        assert policy["ingress"] == [{"ports": [{"port": 8089, "protocol": "TCP"}]}]


def test_the_proxies_of_a_gateway_in_this_namespace_are_reached_and_reach_the_pods() -> None:
    spec = find("prod-gateway", "NetworkPolicy", "gateway")["spec"]
    name = find("prod-gateway", "Gateway", "asocial")["metadata"]["name"]
    assert spec["podSelector"] == {"matchLabels": {"gateway.networking.k8s.io/gateway-name": name}}
    assert spec["ingress"] == [{}], "from anywhere"
    assert spec["egress"] == [{"to": [{"namespaceSelector": {}}]}]


def test_a_proxy_on_the_hosts_network_is_let_in_by_address() -> None:
    (rule,) = find("prod+ingress-host-network", "NetworkPolicy", "ingress-host-network")["spec"]["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]


def test_a_mesh_is_opt_in_and_its_sidecars_reach_their_control_plane() -> None:
    for overlay in PLAIN_OVERLAYS:
        assert "sidecar.istio.io" not in yaml.safe_dump(list(built(overlay)))
    egress = find("prod+mesh", "NetworkPolicy", "mesh")["spec"]["egress"]
    (expression,) = egress[-1]["to"][0]["namespaceSelector"]["matchExpressions"]
    assert expression["key"] == "kubernetes.io/metadata.name"
    assert set(expression["values"]) == {"istio-system", "linkerd"}
    assert find("prod+mesh", "Namespace", "asocial")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == (
        "restricted"
    ), "so the mesh needs its CNI plugin"


def test_the_prometheus_operator_of_the_usual_chart_reads_our_objects() -> None:
    """kube-prometheus-stack selects objects that have the name of its release as label."""
    for overlay in ("prod", "prod-gateway"):
        for kind in ("ServiceMonitor", "PrometheusRule"):
            assert find(overlay, kind, "asocial")["metadata"]["labels"]["release"] == "kube-prometheus-stack"


def test_the_manual_has_each_step_that_a_manifest_needs() -> None:
    book = (DEPLOY.parent / "docs" / "operations.md").read_text()
    head = (KUSTOMIZE / "overlays" / "prod" / "kustomization.yaml").read_text().partition("apiVersion")[0]
    text = yaml.safe_dump([*built("prod"), *built("prod+logs")])
    labels = set(re.findall(r"asocial\.org/[a-z]+", text))
    assert labels == {"asocial.org/ingress", "asocial.org/monitoring"}
    for label in labels:
        for place in (book, head):
            assert re.search(rf"kubectl label namespace \S+ {label}=true", place), label
        assert re.search(rf"kubectl label namespace \S+ {label}-", book), "and its removal"
    for need in ("StorageClass", "metrics-server", "Prometheus operator", "Ingress-NGINX", "cert-manager"):
        assert need in head, need
        assert need in book, need
    for component in (KUSTOMIZE / "components").iterdir():
        assert f"`{component.name}`" in book, f"operations.md does not name the component {component.name}"


@pytest.mark.parametrize("overlay", ["prod", "prod-gateway"])
def test_the_host_name_is_set_in_the_overlay_alone(overlay: str, tmp_path: Path) -> None:
    copy = clone_of_deploy(tmp_path)
    make_secrets(copy, overlay, "--new")
    file = copy / "kustomize" / "overlays" / overlay / "kustomization.yaml"
    file.write_text(file.read_text().replace("asocial.example.org", "talk.example"))
    assert "asocial.example.org" not in run("kubectl", "kustomize", file.parent)
