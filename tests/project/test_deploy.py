"""The files in deploy/: against the schemas that Ray and Kubernetes publish, and against the rest of this project.

KubeRay's own schema is in no package registry. So the parts of a RayJob that are Kubernetes' (pods, volumes) are
checked against Kubernetes' schema, and KubeRay's own fields against the list below: those that we use, with their
types, after the API reference of KubeRay 1.6.2 and what its operator checks besides. A field that is not in the list
is refused, as KubeRay refuses one that it does not know: look it up there before it is added.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import kubernetes_validate
import moto
import pytest
import yaml
from packaging.version import Version
from ray.autoscaler._private.commands import _bootstrap_config, _get_node_provider
from ray.autoscaler._private.util import prepare_config, validate_config
from ray.autoscaler.tags import TAG_RAY_NODE_KIND

from raysweep.run import main

ROOT = Path(__file__).parents[2]
CLUSTERS = ("aws", "on_premise")
KUBERNETES = "1.31"

STRING, COUNT, FLAG = {"type": "string"}, {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}, {"type": "boolean"}


def fields(required: list[str], **known: object) -> dict[str, object]:
    """A schema of an object with these fields and no others."""
    return {"type": "object", "additionalProperties": False, "required": required, "properties": known}


START = {"type": "object", "additionalProperties": STRING}
POD = {"type": "object", "required": ["spec"]}
HEAD = fields(["template", "rayStartParams"], template=POD, rayStartParams=START)
WORKERS = fields(
    ["groupName", "minReplicas", "maxReplicas", "template", "rayStartParams"],
    groupName=STRING,
    replicas=COUNT,
    minReplicas=COUNT,
    maxReplicas=COUNT,
    template=POD,
    rayStartParams=START,
)
CLUSTER = fields(
    ["headGroupSpec"],
    rayVersion=STRING,
    authOptions=fields([], mode={"enum": ["disabled", "token"]}),
    headGroupSpec=HEAD,
    workerGroupSpecs={"type": "array", "items": WORKERS},
)
RAYJOB = fields(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=fields(["name"], name={"type": "string", "pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", "maxLength": 47}),
    spec=fields(
        ["rayClusterSpec"],
        entrypoint=STRING,
        rayClusterSpec=CLUSTER,
        backoffLimit=COUNT,
        shutdownAfterJobFinishes=FLAG,
        ttlSecondsAfterFinished=COUNT,
    ),
)


def loaded(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / "deploy" / f"{name}.yaml").read_text()))


def cluster(name: str) -> dict[str, Any]:
    (content,) = loaded(name)
    return content


def rayjob() -> dict[str, Any]:
    return loaded("rayjob")[1]


def pod_templates() -> Iterator[dict[str, Any]]:
    spec = rayjob()["spec"]["rayClusterSpec"]
    yield spec["headGroupSpec"]["template"]
    for group in spec["workerGroupSpecs"]:
        yield group["template"]


@pytest.mark.parametrize("name", CLUSTERS)
def test_clusters_are_what_the_launcher_takes(name: str) -> None:
    """The launcher's own check: it fills in its defaults, and compares with the schema that Ray publishes."""
    validate_config(prepare_config(cluster(name)))


def test_a_mistake_in_a_cluster_is_found() -> None:
    for change in ({"max_worker": 3}, {"max_workers": "many"}, {"head_node_type": "none"}):
        with pytest.raises((jsonschema.ValidationError, ValueError)):
            validate_config(prepare_config({**cluster("aws"), **change}))


@pytest.mark.slow
def test_on_aws_the_launcher_finds_what_it_needs_and_starts_the_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All that it asks of AWS, asked of moto's: machine types, images, keys, roles, networks, and the machines."""
    monkeypatch.setenv("HOME", str(tmp_path))  # where it writes the key
    monkeypatch.setattr("time.sleep", lambda _: None)  # it gives AWS some seconds
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "moto")
    with moto.mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        config = _bootstrap_config(cluster("aws"), no_config_cache=True)
        types = config["available_node_types"]
        assert types["head"]["resources"] == {"CPU": 0}
        assert {"CPU": 8, "GPU": 1}.items() <= types["gpu"]["resources"].items()
        provider = _get_node_provider(config["provider"], config["cluster_name"])
        for name in ("head", "gpu"):
            provider.create_node(types[name]["node_config"], {TAG_RAY_NODE_KIND: name}, 1)
        reserved = boto3.client("ec2", config["provider"]["region"]).describe_instances()["Reservations"]
    started = [instance for each in reserved for instance in each["Instances"]]
    assert [(each["InstanceType"], each.get("InstanceLifecycle")) for each in started] == [
        ("m7i.xlarge", None), ("g6.2xlarge", "spot"),
    ]  # fmt: skip
    assert Path(config["auth"]["ssh_private_key"]).is_relative_to(tmp_path)


def test_the_job_is_what_kuberay_takes() -> None:
    jsonschema.validate(rayjob(), RAYJOB)
    for template in pod_templates():
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, **template}
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    kubernetes_validate.validate(loaded("rayjob")[0], KUBERNETES, strict=True)


def test_the_job_is_what_kuberays_operator_takes() -> None:
    """What it checks besides the schema."""
    spec = rayjob()["spec"]
    assert spec["shutdownAfterJobFinishes"] or not spec["ttlSecondsAfterFinished"]
    assert Version(spec["rayClusterSpec"]["rayVersion"]) >= Version("2.52")  # the first with tokens
    for group in spec["rayClusterSpec"]["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]


def test_a_mistake_in_the_job_is_found() -> None:
    wrong = rayjob()
    wrong["spec"]["rayClusterSpec"]["workerGroupSpecs"][0].pop("maxReplicas")
    with pytest.raises(jsonschema.ValidationError, match="maxReplicas"):
        jsonschema.validate(wrong, RAYJOB)
    wrong = rayjob()
    wrong["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] = 0  # not a text
    with pytest.raises(jsonschema.ValidationError, match="0 is not of type 'string'"):
        jsonschema.validate(wrong, RAYJOB)
    template = next(pod_templates())
    template["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({"apiVersion": "v1", "kind": "Pod", **template}, KUBERNETES, strict=True)


def test_what_is_mounted_exists_and_results_are_shared_by_all_pods() -> None:
    claim = loaded("rayjob")[0]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for template in pod_templates():
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        (container,) = template["spec"]["containers"]
        mounted = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
        assert mounted["/shared"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    options = shlex.split(rayjob()["spec"]["entrypoint"])
    assert all(options[options.index(name) + 1].startswith("/shared") for name in ("--results", "--data"))


def test_the_job_runs_a_command_of_ours_on_an_empty_volume(tmp_path: Path) -> None:
    command, *arguments = shlex.split(rayjob()["spec"]["entrypoint"].replace("/shared", str(tmp_path)))
    assert command == "raysweep"
    assert main([*arguments, "--plan"]) == 0


def test_ray_is_the_same_everywhere() -> None:
    pinned = re.search(r"^ray==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert pinned is not None
    assert rayjob()["spec"]["rayClusterSpec"]["rayVersion"] == pinned[1]


def test_all_run_the_image_of_the_dockerfile() -> None:
    images = {cluster(name)["docker"]["image"] for name in CLUSTERS}
    images |= {container["image"] for template in pod_templates() for container in template["spec"]["containers"]}
    assert len(images) == 1
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert not any(line.startswith("ENTRYPOINT") for line in lines)  # Ray's launcher runs `docker run IMAGE bash`
    assert any('[cluster]" boto3' in line and line.startswith("RUN pip install") for line in lines)
    assert any(all(tool in line for tool in ("openssh-client", "rsync", "tmux", "wget")) for line in lines)
    user = {line.split()[1] for line in lines if line.startswith("USER")}
    assert {str(template["spec"]["securityContext"]["runAsUser"]) for template in pod_templates()} == user == {"1000"}


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_node_has_the_token_and_the_dashboard_listens_to_its_own_machine(name: str) -> None:
    config = cluster(name)
    assert config["file_mounts"] == {"/home/raysweep/.ray/auth_token": "~/.ray/auth_token"}
    for role in ("head", "worker"):
        *_, start = config[f"{role}_start_ray_commands"]
        assert re.match("RAY_AUTH_MODE=token (RAY_enable_autoscaler_v2=0 )?ray start ", start)
    assert "--dashboard-host=127.0.0.1" in config["head_start_ray_commands"][-1]
    assert rayjob()["spec"]["rayClusterSpec"]["authOptions"] == {"mode": "token"}


def test_workers_are_there_before_a_run_asks_for_them() -> None:
    types = cluster("aws")["available_node_types"]
    assert types["gpu"]["min_workers"] >= 1
    assert types["head"]["resources"]["CPU"] == 0
    on_premise = cluster("on_premise")
    assert on_premise["min_workers"] == on_premise["max_workers"] == len(on_premise["provider"]["worker_ips"])
    (group,) = rayjob()["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    assert group["minReplicas"] == group["replicas"] >= 1
