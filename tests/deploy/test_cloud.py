"""README's commands create two stacks and the guide's a third, as written, and boto3 then finds every resource.

The emulator shows that a resource is made and what it is tied to. What it refuses (scaling, NAT) or leaves empty (secrets,
health checks, volumes, dependencies of containers) is looked at in test_templates.py, on the parsed templates. Neither shows
that Fargate runs the image, that the permissions suffice, or that scaling scales: only AWS does.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.cloud import Cloud, emulator, lines_to_type, template
from tests.deploy.roles import CHECKOUT

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("cloud")]

GUIDE = (CHECKOUT / "docs" / "deployment.md").read_text(encoding="utf-8")
LINES = [
    "awslocal ecr create-repository --repository-name test-ecr-repo",
    "docker build -t <REPOSITORY_URI> -t test-ecr-repo .",
    "docker tag test-ecr-repo:latest <REPOSITORY_URI>:latest",
    "docker push <REPOSITORY_URI>",
    "awslocal cloudformation create-stack --stack-name infra --template-body file://templates/ecs.infra.yml",
    "awslocal cloudformation wait stack-create-complete --stack-name infra",
    "awslocal cloudformation create-stack --stack-name ecs --template-body file://templates/ecs.service.yml"
    " --parameters ParameterKey=ImageUrl,ParameterValue=<REPOSITORY_URI>",
    "awslocal cloudformation wait stack-create-complete --stack-name ecs",
]
# Resources whose condition is false there; test_templates.py checks them.
LEFT_OUT = {
    "infra": {"NatAddressA", "NatAddressB", "NatA", "NatB", "NatRouteA", "NatRouteB", "AlarmAddress"},
    "ecs": {
        "HttpsListener",
        "WebScaling",
        "WebByProcessor",
        "WebByRequests",
        "WorkerScaling",
        "MoreWorkersByDepth",
        "MoreWorkersByAge",
        "FewerWorkers",
        "QueueIsDeep",
        "UnratedIsOld",
        "NothingWaits",
    },
    "alarms": set[str](),
}
ALARMS = "aws cloudformation deploy --stack-name alarms --template-file templates/ecs.alarms.yml"
POLICY = (
    "aws cloudformation set-stack-policy --stack-name infra --stack-policy-body file://templates/ecs.infra.policy.json"
)
ALARMING = """
pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate()
out = {one["AlarmName"].split("-")[1]: one for page in pages for one in page["MetricAlarms"]
       if one["AlarmName"].startswith("alarms-")}
"""
ONCE = """
ecs = boto3.client("ecs")
[cluster] = ecs.list_clusters()["clusterArns"]
tasks = ecs.describe_tasks(cluster=cluster, tasks=ecs.list_tasks(cluster=cluster)["taskArns"])["tasks"]
out = [[task["taskDefinitionArn"].split("/")[1].split(":")[0],
        [one["command"] for one in task["overrides"]["containerOverrides"]]]
       for task in sorted(tasks, key=lambda task: task["createdAt"])
       if not task.get("group", "").startswith("service:")]
"""
RUNNING = """
ecs = boto3.client("ecs")
[cluster] = ecs.list_clusters()["clusterArns"]
out = ecs.describe_services(cluster=cluster, services=["ecs-web", "ecs-worker", "ecs-beat"])["services"]
"""
TASKS = """
ecs = boto3.client("ecs")
out = [ecs.describe_task_definition(taskDefinition=f"ecs-{name}")["taskDefinition"]
       for name in ("web", "worker", "beat", "migrate", "manage")]
"""
WAY_IN = """
balancers = boto3.client("elbv2")
[balancer] = balancers.describe_load_balancers()["LoadBalancers"]
[listener] = balancers.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
[target] = balancers.describe_target_groups()["TargetGroups"]
out = [balancer, listener, target]
"""
DATA = """
[database] = boto3.client("rds").describe_db_instances()["DBInstances"]
[cache] = boto3.client("elasticache").describe_replication_groups()["ReplicationGroups"]
secrets = boto3.client("secretsmanager")
kept = {one["Name"].split("-")[1]: json.loads(secrets.get_secret_value(SecretId=one["ARN"])["SecretString"])
        for one in secrets.list_secrets()["SecretList"]}
out = {"database": database, "cache": cache, "secrets": kept}
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The emulator, after every command of README that needs no Docker."""
    with emulator(tmp_path_factory.mktemp("cloud")) as cloud:
        for line in lines_to_type():
            if line.startswith("awslocal"):
                said = cloud.type(line)
                cloud.repository = cloud.repository or json.loads(said)["repository"]["repositoryUri"]
        for line in (POLICY, ALARMS):
            assert line in GUIDE
            cloud.type(line)
        yield cloud


def test_readme_has_the_owners_lines_in_their_order():
    assert lines_to_type() == LINES


@pytest.mark.parametrize(
    ("stack", "name"), [("infra", "ecs.infra.yml"), ("ecs", "ecs.service.yml"), ("alarms", "ecs.alarms.yml")]
)
def test_every_resource_is_made_and_found(cloud: Cloud, stack: str, name: str):
    program = f'out = boto3.client("cloudformation").describe_stack_resources(StackName="{stack}")["StackResources"]'
    found = {row["LogicalResourceId"]: row for row in cloud.ask(program)}
    declared = template(name)["Resources"]

    assert set(found) == set(declared) - LEFT_OUT[stack]
    assert {row["ResourceStatus"] for row in found.values()} == {"CREATE_COMPLETE"}
    assert {name: row["ResourceType"] for name, row in found.items()} == {
        name: declared[name]["Type"] for name in found
    }
    assert all(row["PhysicalResourceId"] for row in found.values())


def test_alarms_are_set_as_the_template_says_and_tell_the_topic(cloud: Cloud):
    declared = template("ecs.alarms.yml")["Resources"]
    found = cloud.ask(ALARMING)

    assert set(found) == set(declared)
    for name, one in found.items():
        properties = declared[name]["Properties"]
        same = ("AlarmDescription", "MetricName", "Threshold", "EvaluationPeriods", "TreatMissingData")
        assert {key: one[key] for key in same} == {key: properties[key] for key in same}
        assert [":infra-Alarms" in topic for topic in one["AlarmActions"]] == [True]
    assert found["RatingIsBehind"]["Namespace"] == "LeadBilling/ecs"
    watched = {row["Name"]: row["Value"] for row in found["WorkersAreAway"]["Dimensions"]}
    assert watched["ServiceName"] == "ecs-worker"


def test_the_guides_lines_start_one_off_tasks_with_their_commands(cloud: Cloud):
    section = GUIDE.partition("\n## One-off tasks\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    said = cloud.type("\n".join(["set -eu", *(block for block in blocks if "aws ecs wait" not in block)]))

    address = "https://YOUR-BUCKET"
    made = [[family, [_without_signature(words) for words in commands]] for family, commands in cloud.ask(ONCE)]
    assert sorted(made) == sorted(
        [
            ["ecs-migrate", []],
            [
                "ecs-manage",
                [["manage", "createsuperuser", "--noinput", "--username", "first", "--email", "you@example.com"]],
            ],
            ["ecs-manage", [["manage", "check_invariants"]]],
            ["ecs-manage", [["manage", "prove_period", "CUSTOMER", "2026-10"]]],
            ["ecs-manage", [["manage", "import_leads", address, "--source", "CODE"]]],
        ]
    )
    assert json.dumps(cloud.ask(DATA)["secrets"]["FirstLoginSecret"]) in said


def test_three_services_run_on_fargate_without_a_public_address_and_roll_back(cloud: Cloud):
    services = {row["serviceName"]: row for row in cloud.ask(RUNNING)}

    assert set(services) == {"ecs-web", "ecs-worker", "ecs-beat"}
    for row in services.values():
        network = row["networkConfiguration"]["awsvpcConfiguration"]
        assert (row["status"], row["launchType"]) == ("ACTIVE", "FARGATE")
        assert (network["assignPublicIp"], len(set(network["subnets"]))) == ("DISABLED", 2)
        assert row["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert services["ecs-beat"]["desiredCount"] == 1
    limits = {name: row["deploymentConfiguration"]["maximumPercent"] for name, row in services.items()}
    assert limits == {"ecs-web": 200, "ecs-worker": 200, "ecs-beat": 100}


def test_the_way_in_leads_from_the_load_balancer_to_nginx(cloud: Cloud):
    balancer, listener, target = cloud.ask(WAY_IN)
    [web] = [row for row in cloud.ask(RUNNING) if row["serviceName"] == "ecs-web"]
    [task, *_] = cloud.ask(TASKS)

    assert (balancer["Scheme"], len(balancer["AvailabilityZones"])) == ("internet-facing", 2)
    assert [action["TargetGroupArn"] for action in listener["DefaultActions"]] == [target["TargetGroupArn"]]
    assert target["HealthCheckPath"] == "/livez"
    assert web["loadBalancers"] == [
        {"targetGroupArn": target["TargetGroupArn"], "containerName": "nginx", "containerPort": target["Port"]}
    ]
    ports = {row["name"]: row.get("portMappings", []) for row in task["containerDefinitions"]}
    assert ports == {"web": [], "nginx": [{"containerPort": 8080, "protocol": "tcp"}]}


def test_every_container_runs_the_image_that_was_named_as_nobody_on_a_system_it_cannot_write_to(cloud: Cloud):
    tasks = cloud.ask(TASKS)
    containers = [container for task in tasks for container in task["containerDefinitions"]]

    assert [task["networkMode"] for task in tasks] == ["awsvpc"] * 5
    assert {container["image"] for container in containers} == {cloud.repository}
    assert {container["user"] for container in containers} == {"10001:10001"}
    assert {container["readonlyRootFilesystem"] for container in containers} == {True}
    assert [container["command"] for container in containers] == [
        *(["web"], ["nginx"], ["worker"], ["outgoing"], ["beat"], ["migrate"], ["manage", "check"]),
    ]
    groups = [container["logConfiguration"]["options"]["awslogs-group"] for container in containers]
    assert (len(set(groups)), len(groups)) == (6, 7)  # a worker's two containers share one


def test_no_container_is_told_a_secret_in_the_open(cloud: Cloud):
    secrets = _values(cloud.ask(DATA)["secrets"])
    told = [
        row["value"]
        for task in cloud.ask(TASKS)
        for container in task["containerDefinitions"]
        for row in container["environment"]
    ]

    assert secrets
    assert [value for value in told if any(secret in value for secret in secrets)] == []


def test_the_data_lies_sealed_twice_and_behind_the_wall(cloud: Cloud):
    found = cloud.ask(DATA)

    assert _picked(found["database"], "Engine", "StorageEncrypted", "MultiAZ", "PubliclyAccessible") == {
        "Engine": "postgres",
        "StorageEncrypted": True,
        "MultiAZ": True,
        "PubliclyAccessible": False,
    }
    assert _picked(found["database"], "BackupRetentionPeriod", "DeletionProtection", "MasterUsername") == {
        "BackupRetentionPeriod": 14,
        "DeletionProtection": True,
        "MasterUsername": found["secrets"]["DatabaseSecret"]["username"],
    }
    assert _picked(found["cache"], "AtRestEncryptionEnabled", "TransitEncryptionEnabled", "AutomaticFailover") == {
        "AtRestEncryptionEnabled": True,
        "TransitEncryptionEnabled": True,
        "AutomaticFailover": "enabled",
    }


def test_secrets_are_long_and_hold_the_keys_that_tasks_ask_for(cloud: Cloud):
    secrets = cloud.ask(DATA)["secrets"]
    asked = {
        (str(part["Fn::ImportValue"]["Fn::Sub"]).removeprefix("${InfraStack}-"), key.strip(":"))
        for task in template("ecs.service.yml")["Resources"].values()
        if task["Type"] == "AWS::ECS::TaskDefinition"
        for container in task["Properties"]["ContainerDefinitions"]
        for secret in container.get("Secrets", [])
        for part, key in [secret["ValueFrom"]["Fn::Join"][1]]
    }

    assert len(asked) == 17
    assert [(name, key) for name, key in sorted(asked) if key not in secrets[name]] == []
    assert len(secrets["EngineSecret"]["SECRET_KEY"]) == 64
    assert len(secrets["ProofSecret"]["PROOF_SIGNING_KEY"]) == 64
    logins = ("DatabaseSecret", "OwnerSecret", "AppSecret", "ReaderSecret", "CacheSecret")
    assert min(len(secrets[name]["password"]) for name in logins) >= 40


def _without_signature(words: list[str]) -> list[str]:
    """The emulator's own address in place of S3's."""
    return ["https://YOUR-BUCKET" if "/YOUR-BUCKET/leads.csv?" in word else word for word in words]


def _picked(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _values(secrets: dict[str, dict[str, Any]]) -> list[str]:
    """What must not be visible: passwords and keys, not names and ports."""
    return [value for secret in secrets.values() for key, value in secret.items() if key in {"password", "SECRET_KEY"}]
