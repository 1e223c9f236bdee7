"""``deploy/kubernetes`` as it is put together: what it names exists in the product, and a pod is given what its program needs.
Nothing here runs in a cluster."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import kubernetes_validate
import pytest
import yaml
from fastapi import FastAPI

from events.postgres.datastore import POOL_SECONDS
from services.cli import servers
from services.client.authority.questions import ADDRESS
from services.kit.config import load
from services.kit.settings import USED_BY, Settings, rows
from services.kit.web.figures import add_figures
from services.kit.web.node_health import add_node_health
from tests.architecture.source import ROOT
from tests.deploy.command_line import PROGRAM, NoSuchCommand, check
from tests.deploy.ending import ends_within
from tests.deploy.test_dockerfile import only

HERE = ROOT / "deploy" / "kubernetes"
KUBECTL = Path(sys.executable).with_name("kubectl")
ORGANISATIONS = sorted(p.name for p in (HERE / "organisations").iterdir())
PORT = signature(servers.serve).parameters["port"].default
KNOWN = {row.name for kind in USED_BY for row in rows(kind)}
COLLECTOR = "collector"
"""The policy for one that an organisation may have beside its processes; it is not in these manifests."""
SECRET = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}

Manifest = dict[str, Any]


class Overlay(NamedTuple):
    """What is applied for one organisation. ``folder``: all of ``deploy/kubernetes``."""

    folder: Path
    organisation: str
    manifests: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        return [m for m in self.manifests if m["kind"] in kinds]

    def pods(self) -> dict[str, Manifest]:
        """What each deployment's and job's pods are, by its name."""
        return {m["metadata"]["name"]: m["spec"]["template"] for m in self.of("Deployment", "Job")}

    def containers(self) -> dict[str, Manifest]:
        return {name: _only(pod["spec"]["containers"]) for name, pod in self.pods().items()}

    def serving(self) -> dict[str, Manifest]:
        return {name: c for name, c in self.containers().items() if c["args"][0] == "serve"}

    def environment(self, name: str) -> dict[str, str]:
        """What a pod's container is told."""
        maps = {m["metadata"]["name"]: m["data"] for m in self.of("ConfigMap")}
        (source,) = self.containers()[name]["envFrom"]
        return dict(maps[source["configMapRef"]["name"]])

    def arguments(self, name: str) -> list[str]:
        """With the variables put in, as Kubernetes does."""
        given = self.environment(name)
        return [re.sub(r"\$\((\w+)\)", lambda m: given[m[1]], word) for word in self.containers()[name]["args"]]


def _only(found: list[Any]) -> Any:
    (one,) = found
    return one


@cache
def built(organisation: str) -> str:
    """What is applied, as text."""
    command = [str(KUBECTL), "kustomize", str(HERE / "organisations" / organisation)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def read(organisation: str, text: str, folder: Path = HERE) -> Overlay:
    return Overlay(folder, organisation, tuple(yaml.load_all(text, yaml.CSafeLoader)))


@cache
def as_it_is(organisation: str) -> Overlay:
    return read(organisation, built(organisation))


@pytest.fixture(params=ORGANISATIONS)
def overlay(request: pytest.FixtureRequest) -> Overlay:
    return as_it_is(request.param)


# As Kubernetes sees it


def test_kubernetes_knows_every_field(overlay: Overlay) -> None:
    assert len(overlay.manifests) > 10
    for manifest in overlay.manifests:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_whatever_is_pointed_at_is_there(overlay: Overlay) -> None:
    pods = [pod["metadata"]["labels"] for pod in overlay.pods().values()]
    selectors = [m["spec"]["selector"] for m in overlay.of("Service")]
    selectors += [m["spec"]["selector"]["matchLabels"] for m in overlay.of("Deployment", "PodDisruptionBudget")]
    policies = [m for m in overlay.of("NetworkPolicy") if m["metadata"]["name"] != COLLECTOR]
    selectors += [m["spec"]["podSelector"].get("matchLabels", {}) for m in policies]
    assert len(selectors) > 10
    for selector in selectors:
        assert [labels for labels in pods if selector.items() <= labels.items()], selector
    maps = {m["metadata"]["name"] for m in overlay.of("ConfigMap")}
    accounts = {m["metadata"]["name"] for m in overlay.of("ServiceAccount")}
    for pod in overlay.pods().values():
        volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
        assert pod["spec"]["serviceAccountName"] in accounts
        assert {v["configMap"]["name"] for v in volumes.values() if "configMap" in v} <= maps
        assert {m["name"] for c in pod["spec"]["containers"] for m in c["volumeMounts"]} == set(volumes)


def test_everything_is_in_the_organisations_own_namespace(overlay: Overlay) -> None:
    (namespace,) = overlay.of("Namespace")
    assert namespace["metadata"]["name"] == overlay.organisation
    assert {m["metadata"].get("namespace") for m in overlay.manifests if m is not namespace} == {overlay.organisation}


# As the program sees it


def test_every_variable_is_a_setting_or_stands_in_a_command(overlay: Overlay) -> None:
    for name, container in overlay.containers().items():
        in_command = set(re.findall(r"\$\((\w+)\)", " ".join(container["args"])))
        assert "env" not in container
        assert set(overlay.environment(name)) - in_command <= KNOWN, name


def test_a_pod_is_told_all_that_its_program_needs(overlay: Overlay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    for name in overlay.containers():
        settings = as_a_pod_sees_it(overlay, name, tmp_path / name, monkeypatch)
        assert settings.installation.is_file()
        organisations = {o.id: o for o in load(settings.installation).organisation}
        home = organisations[overlay.organisation].kind == "client"
        kafka = settings.kafka(overlay.organisation)
        assert kafka.sasl_username == overlay.organisation and kafka.sasl_password
        assert Path(kafka.ssl_cafile or "").is_file()
        assert (settings.authority_url or "").startswith("https://") and (settings.authority_url or "").endswith(f"{ADDRESS}/")
        if name in overlay.serving():
            keys = {"store.key", "signing.key", *(["authority.key"] if home else [])}
            assert {p.name for p in (settings.secrets / overlay.organisation).glob("*")} == keys


def as_a_pod_sees_it(overlay: Overlay, name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """With the files that are mounted there, below ``root``; secrets as the README makes them."""
    container, maps = overlay.containers()[name], {m["metadata"]["name"]: m["data"] for m in overlay.of("ConfigMap")}
    volumes = {v["name"]: v for v in overlay.pods()[name]["spec"]["volumes"]}
    places = [m["mountPath"] for m in container["volumeMounts"]]
    for mount in container["volumeMounts"]:
        volume, folder = volumes[mount["name"]], root / mount["mountPath"].lstrip("/")
        for file, content in files_of(overlay, volume, maps):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(content)
    for key, value in overlay.environment(name).items():
        here = str(root / value.lstrip("/")) if value.startswith(tuple(places)) else value
        monkeypatch.setitem(os.environ, key, here)
    return Settings()  # type: ignore[call-arg]


def files_of(overlay: Overlay, volume: Manifest, maps: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    if "configMap" in volume:
        yield from maps[volume["configMap"]["name"]].items()
    if "secret" in volume:
        made = made_secrets(overlay)[volume["secret"]["secretName"]]
        for item in volume["secret"].get("items") or [{"key": file, "path": file} for file in sorted(made)]:
            assert item["key"] in made, f"the README makes no {item['key']}"
            yield item["path"], "k" * 32


def made_secrets(overlay: Overlay) -> dict[str, set[str]]:
    """The files of each secret, by its name. A folder is the organisation's, with the keys that ``keys`` makes."""
    home = load(HERE / "installation" / "organisations.toml").client_organisation.id == overlay.organisation
    keys = {"store.key", "signing.key", *(["authority.key"] if home else [])}
    found: dict[str, set[str]] = {}
    for words in commands(overlay.folder):
        if words[0] == "kubectl" and "secret" in words:
            files = {w.partition("=")[2] for w in words if w.startswith("--from-file=")}
            found[words[words.index("generic") + 1]] = keys if any(f.startswith("secrets/") for f in files) else files
    return found


def test_no_secret_stands_in_a_manifest(overlay: Overlay) -> None:
    assert overlay.of("Secret") == []
    assert sorted(SECRET) == ["DATABASE_URL", "KAFKA_SASL_PASSWORD"]
    for name in overlay.containers():
        assert not SECRET & set(overlay.environment(name))
    texts = [p.read_text(encoding="utf-8") for p in sorted(overlay.folder.rglob("*")) if p.is_file()]
    assert [t for t in texts if re.search(r"PRIVATE KEY|stringData|secretGenerator|://[^/\s]*:[^/\s]*@", t)] == []


def test_every_command_is_one_of_the_program(overlay: Overlay) -> None:
    ids = load(overlay.folder / "installation" / "organisations.toml").ids
    for name in overlay.containers():
        words = overlay.arguments(name)
        check(words)
        assert words[1] == overlay.organisation and words[1] in ids
    parts = {words[words.index("--only") + 1] for words in map(overlay.arguments, overlay.serving())}
    assert parts == {part.value for part in servers.Part}
    assert overlay.arguments("migrate")[0] == "migrate"


def test_there_is_one_image_of_this_version(overlay: Overlay) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {c["image"] for c in overlay.containers().values()} == {f"registry.example/{PROGRAM}:{version}"}


def test_ports_are_those_that_the_program_listens_on(overlay: Overlay) -> None:
    assert only("EXPOSE") == str(PORT)
    for name, container in overlay.serving().items():
        assert container["ports"] == [{"name": "http", "containerPort": PORT}]
        assert "--port" not in overlay.arguments(name)
    for policy in (p for p in overlay.of("NetworkPolicy") if p["metadata"]["name"] != COLLECTOR):
        for rule in policy["spec"].get("ingress", ()):
            assert {p["port"] for p in rule["ports"]} == {PORT}
    assert [p["targetPort"] for m in overlay.of("Service") for p in m["spec"]["ports"]] == ["http"]


def test_probes_ask_where_the_program_answers(overlay: Overlay) -> None:
    app = FastAPI()
    add_node_health(app, None)  # type: ignore[arg-type]  # nobody asks it
    add_figures(app)
    answered = {getattr(route, "path", "") for route in app.routes}
    for container in overlay.serving().values():
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {probe["port"] for probe in probes.values()} == {"http"}
        assert {kind: probe["path"] for kind, probe in probes.items()} == {
            "startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz",
        }
        assert {probe["path"] for probe in probes.values()} <= answered


def test_readiness_waits_as_long_as_the_answer_may_take(overlay: Overlay) -> None:
    """The database, and the log: first for those who ask before, then for itself."""
    log = Settings.model_fields["kafka_timeout"].default
    for container in overlay.serving().values():
        assert container["readinessProbe"]["timeoutSeconds"] > POOL_SECONDS + 2 * log


def test_whatever_stays_may_end_in_order(overlay: Overlay) -> None:
    for name, container in overlay.serving().items():
        before = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        given = overlay.pods()[name]["spec"]["terminationGracePeriodSeconds"]
        assert given >= int(before[1]) + ends_within()


def test_one_of_each_always_stays(overlay: Overlay) -> None:
    budgets = {m["metadata"]["name"]: m["spec"] for m in overlay.of("PodDisruptionBudget")}
    for deployment in overlay.of("Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        assert spec["replicas"] > budgets[name]["maxUnavailable"] >= 1, name
        assert budgets[name]["selector"] == spec["selector"]
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_program_may_do_little_on_the_machine(overlay: Overlay) -> None:
    user, group = map(int, only("USER").split(":"))
    for name, pod in overlay.pods().items():
        spec, container = pod["spec"], overlay.containers()[name]
        may = container["securityContext"]
        assert may == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        runs_as = spec["securityContext"]
        assert runs_as["runAsNonRoot"] and (runs_as["runAsUser"], runs_as["runAsGroup"]) == (user, group)
        assert runs_as["fsGroup"] == group and runs_as["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert container["resources"]["requests"] and container["resources"]["limits"]["memory"], name
        writable = [m["name"] for m in container["volumeMounts"] if not m.get("readOnly")]
        assert writable == ["tmp"]


def test_nobody_reaches_a_pod_who_is_not_named(overlay: Overlay) -> None:
    policies = {m["metadata"]["name"]: m["spec"] for m in overlay.of("NetworkPolicy")}
    assert policies.pop("nothing-else") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    collector = policies.pop(COLLECTOR)
    assert collector["podSelector"] == {"matchLabels": {"app.kubernetes.io/component": "collector"}}
    own, figures = collector["ingress"]
    assert own == {"from": [{"podSelector": {}}], "ports": [{"protocol": "TCP", "port": 4318}]}, "the organisation's own pods"
    sources = [s for spec in policies.values() for rule in spec.get("ingress", ()) for s in rule["from"]] + figures["from"]
    roles = [source["namespaceSelector"]["matchLabels"]["palvelupolku/role"] for source in sources]
    assert sorted(roles) == ["ingress", "monitoring", "monitoring"]
    text = (overlay.folder / "README.md").read_text(encoding="utf-8")
    assert [role for role in roles if f"`{role}`" not in text] == []


# The README


def commands(folder: Path) -> list[list[str]]:
    text = (folder / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.replace("\\\n", " ").splitlines() if line]


def test_what_the_readme_says_can_be_done() -> None:
    made = [m for o in ORGANISATIONS for m in as_it_is(o).manifests]
    deployments, jobs = ({m["metadata"]["name"] for m in made if m["kind"] == kind} for kind in ("Deployment", "Job"))
    for words in commands(HERE):
        if PROGRAM in words:
            check(words[words.index(PROGRAM) + 1 :])
        for word, after in zip(words, [*words[1:], ""], strict=True):
            assert word != "-n" or after in ORGANISATIONS, words
            assert word != "-k" or (ROOT / after / "kustomization.yaml").is_file(), words
            assert word != "job" or after in jobs, words
            assert not word.startswith("deploy/") or (ROOT / word).exists() or word.partition("/")[2] in deployments, words


# Planted faults: each is seen by the test that is there for it

SOCIAL = "orimattila-social"
FAULTS: tuple[tuple[str, str, Callable[..., None]], ...] = (
    ("replicas: 2", "replica: 2", test_kubernetes_knows_every_field),
    ("path: /readyz", "paht: /readyz", test_kubernetes_knows_every_field),
    ("  selector:\n    app.kubernetes.io/component: web", "  selector:\n    a: pages", test_whatever_is_pointed_at_is_there),
    ("      - configMap:\n          name: installation", "      - configMap:\n          name: other", test_whatever_is_pointed_at_is_there),
    (f"  namespace: {SOCIAL}", "  namespace: oma-polku", test_everything_is_in_the_organisations_own_namespace),
    ("KAFKA_SSL_CAFILE", "KAFKA_SSL_CA", test_every_variable_is_a_setting_or_stands_in_a_command),
    ("  SECRETS: /run/keys\n", "", test_a_pod_is_told_all_that_its_program_needs),
    ("INSTALLATION: /etc/palvelupolku/", "INSTALLATION: /etc/", test_a_pod_is_told_all_that_its_program_needs),
    ("kafka_ca.pem", "ca.pem", test_a_pod_is_told_all_that_its_program_needs),
    ("/authority/", "/keys/", test_a_pod_is_told_all_that_its_program_needs),
    (f"path: {SOCIAL}/signing.key", "path: signing.key", test_a_pod_is_told_all_that_its_program_needs),
    ("key: store.key", "key: own.key", test_a_pod_is_told_all_that_its_program_needs),
    ("  SECRETS:", "  KAFKA_SASL_PASSWORD: word\n  SECRETS:", test_no_secret_stands_in_a_manifest),
    ("kind: ConfigMap", "kind: Secret", test_no_secret_stands_in_a_manifest),
    (f"ORGANISATION: {SOCIAL}", "ORGANISATION: orimattila", test_every_command_is_one_of_the_program),
    ("- projector\n", "- reader\n", test_every_command_is_one_of_the_program),
    ("- publisher\n", "- projector\n", test_every_command_is_one_of_the_program),
    ("- migrate\n", "- prepare\n", test_every_command_is_one_of_the_program),
    ("palvelupolku:", "palvelupolku:1", test_there_is_one_image_of_this_version),
    ("containerPort: 8400", "containerPort: 8000", test_ports_are_those_that_the_program_listens_on),
    ("port: 8400", "port: 80", test_ports_are_those_that_the_program_listens_on),
    ("path: /healthz", "path: /health", test_probes_ask_where_the_program_answers),
    ("timeoutSeconds: 60", "timeoutSeconds: 10", test_readiness_waits_as_long_as_the_answer_may_take),
    ("GracePeriodSeconds: 75", "GracePeriodSeconds: 60", test_whatever_stays_may_end_in_order),
    ("replicas: 2", "replicas: 1", test_one_of_each_always_stays),
    ("runAsUser: 10001", "runAsUser: 0", test_the_program_may_do_little_on_the_machine),
    ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", test_the_program_may_do_little_on_the_machine),
    ("  - Ingress\n  - Egress\n", "  - Ingress\n", test_nobody_reaches_a_pod_who_is_not_named),
)
SEEN = (AssertionError, NoSuchCommand, ValueError, KeyError, kubernetes_validate.ValidationError)


@pytest.mark.parametrize(("right", "wrong", "seen_by"), FAULTS, ids=lambda given: str(given).strip() if isinstance(given, str) else "")
def test_a_fault_is_seen(
    right: str, wrong: str, seen_by: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, more = built(SOCIAL), {"tmp_path": tmp_path, "monkeypatch": monkeypatch}
    assert right in text
    with pytest.raises(SEEN):
        seen_by(read(SOCIAL, text.replace(right, wrong)), **{name: more[name] for name in signature(seen_by).parameters if name in more})


def test_a_secret_that_the_readme_forgets_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert "--from-file=database_url " in text
    (tmp_path / "README.md").write_text(text.replace("--from-file=database_url ", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="database_url"):
        test_a_pod_is_told_all_that_its_program_needs(read(SOCIAL, built(SOCIAL), tmp_path), tmp_path / "pod", monkeypatch)
