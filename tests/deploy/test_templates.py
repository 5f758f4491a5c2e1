"""What the emulator refuses or leaves empty, looked at on the parsed templates.

Refused by it: scaling and its alarms, NAT. Emptied by it: secrets, health checks, volumes, Linux parameters and the order of
containers. Not kept by it: the grace period and what happens to data on deletion. All else is in test_cloud.py.
"""

from typing import Any

import pytest

from tests.deploy.cloud import of_type, template

INFRA = template("ecs.infra.yml")
SERVICE = template("ecs.service.yml")
TASKS = of_type(SERVICE, "AWS::ECS::TaskDefinition")
SERVICES = of_type(SERVICE, "AWS::ECS::Service")
CONTAINERS = {
    container["Name"]: container for properties in TASKS.values() for container in properties["ContainerDefinitions"]
}
SECRETS = ["SECRET_KEY", "SECRET_KEY_FALLBACKS", "EMAIL_URL", "DATABASE_USER", "DATABASE_PASSWORD", "REDIS_PASSWORD"]


def test_everybody_but_nginx_gets_the_same_six_secrets():
    told = {name: [secret["Name"] for secret in one.get("Secrets", [])] for name, one in CONTAINERS.items()}

    assert told == {
        "web": SECRETS,
        "nginx": [],
        "worker": SECRETS,
        "outgoing": SECRETS,
        "beat": SECRETS,
        "migrate": SECRETS,
    }


def test_who_stays_is_asked_for_its_health_and_migrate_which_ends_is_not():
    asked = {name: one["HealthCheck"]["Command"] for name, one in CONTAINERS.items() if "HealthCheck" in one}

    assert asked == {
        key: ["CMD", "deploy/entrypoint.sh", "health"] for key in ("web", "nginx", "worker", "outgoing", "beat")
    }


def test_every_container_has_no_rights_and_a_folder_of_its_own_to_write_to():
    assert {str(one["LinuxParameters"]) for one in CONTAINERS.values()} == {"{'Capabilities': {'Drop': ['ALL']}}"}
    mounted = {name: one["MountPoints"] for name, one in CONTAINERS.items()}
    assert mounted == {name: [{"SourceVolume": f"{name}-tmp", "ContainerPath": "/tmp"}] for name in CONTAINERS}
    volumes = [volume["Name"] for task in TASKS.values() for volume in task["Volumes"]]
    assert volumes == [f"{name}-tmp" for name in CONTAINERS]


def test_web_migrates_when_told_to_and_nginx_waits_for_it():
    environment = {row["Name"]: row["Value"] for row in CONTAINERS["web"]["Environment"]}

    assert environment["MIGRATE_ON_START"] == {"Ref": "MigrateOnStart"}
    assert SERVICE["Parameters"]["MigrateOnStart"]["Default"] == "1"
    assert CONTAINERS["nginx"]["DependsOn"] == [{"ContainerName": "web", "Condition": "HEALTHY"}]
    assert SERVICES["WebService"]["HealthCheckGracePeriodSeconds"] >= 300


def test_beat_alone_writes_the_measures_and_alarms_and_scaling_read_them_where_it_writes():
    where = {"Fn::Sub": "LeadBilling/${AWS::StackName}"}
    writers = [
        name for name, one in CONTAINERS.items() if {"Name": "METRICS_NAMESPACE", "Value": where} in one["Environment"]
    ]
    alarms = of_type(SERVICE, "AWS::CloudWatch::Alarm")
    readers = {name: one["MetricName"] for name, one in alarms.items() if one.get("Namespace") == where}

    assert writers == ["beat"]
    assert readers == {
        "QueueIsDeep": "QueueDepth",
        "RatingIsBehind": "OldestUnratedSeconds",
        "RatingIsLate": "OldestUnratedSeconds",
        "BeatIsSilent": "QueueDepth",
    }
    idle = [row["MetricStat"]["Metric"] for row in alarms["NothingWaits"]["Metrics"] if "MetricStat" in row]
    assert idle == [{"Namespace": where, "MetricName": name} for name in ("QueueDepth", "OldestUnratedSeconds")]


def test_web_scales_by_processor_and_requests_and_workers_by_depth_and_age():
    policies = of_type(SERVICE, "AWS::ApplicationAutoScaling::ScalingPolicy")
    targets = of_type(SERVICE, "AWS::ApplicationAutoScaling::ScalableTarget")
    alarms = of_type(SERVICE, "AWS::CloudWatch::Alarm")

    assert {name: one["ScalingTargetId"]["Ref"] for name, one in policies.items()} == {
        "WebByProcessor": "WebScaling",
        "WebByRequests": "WebScaling",
        "MoreWorkersByDepth": "WorkerScaling",
        "MoreWorkersByAge": "WorkerScaling",
        "FewerWorkers": "WorkerScaling",
    }
    scaled = {name: one["ResourceId"]["Fn::Join"][1][-1]["Fn::GetAtt"] for name, one in targets.items()}
    assert scaled == {"WebScaling": "WebService.Name", "WorkerScaling": "WorkerService.Name"}
    assert {name: alarms[name]["AlarmActions"] for name in ("QueueIsDeep", "RatingIsBehind", "NothingWaits")} == {
        "QueueIsDeep": [{"Ref": "MoreWorkersByDepth"}],
        "RatingIsBehind": [{"Ref": "MoreWorkersByAge"}],
        "NothingWaits": [{"Ref": "FewerWorkers"}],
    }


def test_what_scaling_sets_no_update_puts_back():
    assert {name: one.get("DesiredCount") for name, one in SERVICES.items()} == {
        "WebService": None,
        "WorkerService": None,
        "BeatService": 1,
    }


def test_data_is_kept_when_a_stack_is_deleted():
    kept = {name: one["DeletionPolicy"] for name, one in INFRA["Resources"].items() if "DeletionPolicy" in one}

    assert kept.pop("Database") == "Snapshot"
    assert kept.pop("Cache") == "Delete"
    assert set(kept.values()) == {"Retain"}
    assert {"Bucket", "EngineSecret", "DatabaseSecret", "Registry", "WebLogs"} <= set(kept)
    replaced = {name: one.get("UpdateReplacePolicy") for name, one in INFRA["Resources"].items()}
    assert {name: replaced[name] for name in kept} == kept


def test_only_the_load_balancer_is_open_to_everybody():
    open_to_all = [
        (name, rule["FromPort"])
        for name, group in of_type(INFRA, "AWS::EC2::SecurityGroup").items()
        for rule in group.get("SecurityGroupIngress", [])
        if "CidrIp" in rule
    ]

    assert open_to_all == [("BalancerGroup", 80), ("BalancerGroup", 443)]


def test_no_role_may_do_everything_and_a_star_stands_only_where_aws_knows_no_name():
    statements = [
        statement
        for role in of_type(INFRA, "AWS::IAM::Role").values()
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]

    assert statements
    assert [action for one in statements for action in one["Action"] if "*" in action] == []
    assert [one["Action"] for one in statements if one["Resource"] == "*"] == [["ecr:GetAuthorizationToken"]]
    assert not [name for name, role in of_type(INFRA, "AWS::IAM::Role").items() if "RoleName" in role]  # CAPABILITY_IAM


def test_a_way_out_has_one_nat_per_zone_and_without_it_the_endpoints_take_its_place():
    conditions = {name: one.get("Condition") for name, one in INFRA["Resources"].items()}

    assert [conditions[name] for name in ("NatA", "NatB", "NatRouteA", "NatRouteB")] == ["WithNat"] * 4
    endpoints = [name for name, condition in conditions.items() if condition == "WithEndpoints"]
    assert endpoints == ["RegistryEndpoint", "ImageEndpoint", "SecretEndpoint", "LogEndpoint", "MailEndpoint"]


def test_with_a_certificate_plain_http_is_only_redirected():
    [action] = of_type(SERVICE, "AWS::ElasticLoadBalancingV2::Listener")["HttpListener"]["DefaultActions"]
    condition, redirect, _ = action["Fn::If"]

    assert (condition, redirect["RedirectConfig"]["StatusCode"]) == ("WithCertificate", "HTTP_301")


@pytest.mark.parametrize("name", ["ecs.infra.yml", "ecs.service.yml"])
def test_whatever_one_stack_takes_from_the_other_is_given(name: str):
    given = {output["Export"]["Name"]["Fn::Sub"] for output in INFRA["Outputs"].values() if "Export" in output}

    assert _taken(template(name)) <= {str(export).replace("AWS::StackName", "InfraStack") for export in given}


def _taken(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["Fn::ImportValue"]["Fn::Sub"]} if "Fn::ImportValue" in part else set()
        return own.union(*(_taken(value) for value in part.values()))
    return set().union(*(_taken(value) for value in part)) if isinstance(part, list) else set()
