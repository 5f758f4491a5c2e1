"""What the emulator refuses or leaves empty, checked in the parsed templates.

Refused by it: scaling and its alarms, NAT. Emptied by it: secrets, health checks, volumes, Linux parameters and the order of
containers. Not kept by it: the grace period and what happens to data on deletion. All else is in test_cloud.py.
"""

import json
import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from billing_engine.planner_settings import PLANNER
from tests.deploy.cloud import of_type, template
from tests.deploy.roles import CHECKOUT

INFRA = template("ecs.infra.yml")
SERVICE = template("ecs.service.yml")
TASKS = of_type(SERVICE, "AWS::ECS::TaskDefinition")
SERVICES = of_type(SERVICE, "AWS::ECS::Service")
CONTAINERS = {
    container["Name"]: container for properties in TASKS.values() for container in properties["ContainerDefinitions"]
}
SECRETS = [
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_USER", "DATABASE_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL"),
    *("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"),
    "PROOF_SIGNING_KEY",
    "PSEUDONYM_KEY",
]
OWNERS = [f"DATABASE_{login}_{part}" for login in ("ADMIN", "APP", "READER") for part in ("USER", "PASSWORD")]
# Variables of .env.example that no task gets, each with its reason.
NOT_TOLD = {
    "DEBUG": "never where strangers can reach the server",
    "DATABASE_URL": "its parts are told",
    "DATABASE_PORT": "RDS has the default one",
    "REDIS_URL": "its parts are told",
    "REDIS_PORT": "ElastiCache has the default one",
    "COPY_DATABASE_URL": "no template makes a replica",
    "LOG_FORMAT": "HTTPS chooses",
    "FILES_FOLDER": "uploaded files are in a bucket",
    "IMPORT_FILE_DAYS": "the default suits; a template has no room for more",
    "PROXIES": "NGINX stands in the same task, which is the default",
    "STRIPE_API_BASE": "it is another one in tests only",
    "ARCHIVE_FOLDER": "the bucket takes its place",
    "ARCHIVE_REGION": "Fargate tells its tasks the region",
    "ARCHIVE_AFTER_DAYS": "90 with a bucket, which is the default",
    "METRICS_TOKEN": "nothing on AWS scrapes: beat writes the figures",
    "METRICS_NETWORKS": "nothing on AWS scrapes: beat writes the figures",
}


def test_every_container_but_nginx_gets_the_same_secrets_and_migrate_alone_the_owners():
    told = {name: sorted(secret["Name"] for secret in one.get("Secrets", [])) for name, one in CONTAINERS.items()}
    usual = sorted(SECRETS)

    assert told == {
        "web": usual,
        "nginx": [],
        "worker": usual,
        "outgoing": usual,
        "beat": usual,
        "migrate": sorted([*SECRETS, *OWNERS]),
        "manage": sorted([*SECRETS, "DJANGO_SUPERUSER_PASSWORD"]),
    }


def test_the_app_logs_in_as_the_app_and_migrate_as_the_owner():
    users = {
        name: secret["ValueFrom"]["Fn::Join"][1][0]["Fn::ImportValue"]["Fn::Sub"].partition("-")[2]
        for name, one in CONTAINERS.items()
        for secret in one.get("Secrets", [])
        if secret["Name"] == "DATABASE_USER"
    }

    assert users == {
        "web": "AppSecret",
        "worker": "AppSecret",
        "outgoing": "AppSecret",
        "beat": "AppSecret",
        "migrate": "OwnerSecret",
        "manage": "AppSecret",
    }


def test_every_variable_is_told_to_the_tasks_or_is_an_exception_with_a_reason():
    listed = re.findall(
        r"^# ?([A-Z][A-Z0-9_]*)=", (CHECKOUT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {
        row["Name"] for one in CONTAINERS.values() for row in [*one.get("Environment", []), *one.get("Secrets", [])]
    }

    assert set(listed) - told == set(NOT_TOLD)


def test_tls_is_left_out_in_an_emulator_alone_and_the_certificate_is_checked_elsewhere():
    told = {row["Name"]: row["Value"] for row in CONTAINERS["web"]["Environment"]}

    assert told["REDIS_TLS"] == {"Fn::If": ["InAnEmulator", "0", "1"]}
    assert told["DATABASE_SSLMODE"] == {"Fn::If": ["InAnEmulator", "prefer", "verify-full"]}
    assert told["DATABASE_SSLROOTCERT"] == "/app/deploy/rds-ca.pem"


def test_the_certificates_of_rds_can_be_read_and_none_of_them_ends_within_a_year():
    trusted = ssl.create_default_context(cafile=str(CHECKOUT / "deploy" / "rds-ca.pem")).get_ca_certs()
    soon = datetime.now(UTC) + timedelta(days=365)

    assert len([one for one in trusted if "Amazon RDS" in str(one["subject"])]) > 50
    assert [one for one in trusted if ssl.cert_time_to_seconds(str(one["notAfter"])) < soon.timestamp()] == []


def test_nothing_that_a_create_makes_blocks_the_next_one():
    named = [
        name
        for parsed in (INFRA,)
        for name, one in parsed["Resources"].items()
        if {"LogGroupName", "RepositoryName", "BucketName", "DBInstanceIdentifier"} & set(one.get("Properties", {}))
    ]

    assert named == []
    assert "CapacityProviders" not in INFRA["Resources"]["Cluster"]["Properties"]


def test_the_stack_policy_keeps_data_and_network_from_being_replaced():
    policy = json.loads((CHECKOUT / "templates" / "ecs.infra.policy.json").read_text(encoding="utf-8"))
    [_, denied] = policy["Statement"]
    names = {one.removeprefix("LogicalResourceId/") for one in denied["Resource"]}

    assert denied["Action"] == ["Update:Replace", "Update:Delete"]
    assert {"Database", "Vpc"} <= names <= set(INFRA["Resources"])


def test_a_restored_database_takes_the_place_of_the_other_by_a_parameter():
    host = {row["Name"]: row["Value"] for row in CONTAINERS["worker"]["Environment"]}["DATABASE_HOST"]
    database = of_type(INFRA, "AWS::RDS::DBInstance")["Database"]

    assert host["Fn::If"][:2] == ["WithDatabaseHost", {"Ref": "DatabaseHost"}]
    assert database["DBSnapshotIdentifier"]["Fn::If"][:2] == ["FromSnapshot", {"Ref": "DatabaseSnapshot"}]
    assert database["DBName"]["Fn::If"] == ["FromSnapshot", {"Ref": "AWS::NoValue"}, "engine"]


def test_the_service_comes_after_the_listener_that_ties_it_to_the_load_balancer():
    [tag] = SERVICES["WebService"]["Tags"]

    assert tag["Value"] == {"Fn::If": ["WithCertificate", {"Ref": "HttpsListener"}, {"Ref": "HttpListener"}]}


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

    assert environment["MIGRATE_ON_START"] == {"Fn::If": ["MigratesOnStart", "1", "0"]}
    assert SERVICE["Parameters"]["MigrateOnStart"]["Default"] == "auto"
    assert CONTAINERS["web"]["StartTimeout"] == 120
    assert CONTAINERS["nginx"]["DependsOn"] == [{"ContainerName": "web", "Condition": "HEALTHY"}]


def test_beat_alone_writes_the_figures_and_scaling_reads_them_where_it_writes():
    where = {"Fn::Sub": "LeadBilling/${AWS::StackName}"}
    writers = [
        name for name, one in CONTAINERS.items() if {"Name": "METRICS_NAMESPACE", "Value": where} in one["Environment"]
    ]
    alarms = of_type(SERVICE, "AWS::CloudWatch::Alarm")
    readers = {name: one["MetricName"] for name, one in alarms.items() if one.get("Namespace") == where}

    assert writers == ["beat"]
    assert readers == {
        "QueueIsDeep": "QueueDepth",
        "UnratedIsOld": "OldestUnratedSeconds",
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
    assert {name: alarms[name]["AlarmActions"] for name in ("QueueIsDeep", "UnratedIsOld", "NothingWaits")} == {
        "QueueIsDeep": [{"Ref": "MoreWorkersByDepth"}],
        "UnratedIsOld": [{"Ref": "MoreWorkersByAge"}],
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
    assert set(kept.values()) == {"RetainExceptOnCreate"}
    assert {"EngineSecret", "DatabaseSecret", "OwnerSecret", "AppSecret", "ReaderSecret", "Registry", "WebLogs"} <= set(
        kept
    )
    replaced = {name: one.get("UpdateReplacePolicy") for name, one in INFRA["Resources"].items()}
    assert {replaced[name] for name in kept} == {"Retain"}


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


@pytest.mark.parametrize("path", sorted((CHECKOUT / "templates").glob("*.yml")), ids=lambda path: path.name)
def test_a_template_is_as_small_as_cloudformation_takes_it_from_a_file(path: Path):
    assert path.stat().st_size <= 51_200


def test_the_bound_of_connections_is_the_owners_to_say_since_it_goes_by_the_class():
    alarm = of_type(INFRA, "AWS::CloudWatch::Alarm")["DatabaseConnections"]

    assert alarm["Threshold"] == {"Ref": "ManyConnections"}
    assert INFRA["Parameters"]["ManyConnections"]["Default"] == 400


@pytest.mark.parametrize("name", ["ecs.infra.yml", "ecs.service.yml", "ecs.alarms.yml"])
def test_whatever_one_stack_takes_from_the_other_is_given(name: str):
    given = {output["Export"]["Name"]["Fn::Sub"] for output in INFRA["Outputs"].values() if "Export" in output}

    assert _taken(template(name)) <= {str(export).replace("AWS::StackName", "InfraStack") for export in given}


def _taken(part: Any) -> set[str]:
    if isinstance(part, dict):
        own = {part["Fn::ImportValue"]["Fn::Sub"]} if "Fn::ImportValue" in part else set()
        return own.union(*(_taken(value) for value in part.values()))
    return set().union(*(_taken(value) for value in part)) if isinstance(part, list) else set()


def test_every_connection_and_the_databases_we_configure_weigh_ways_alike(db: None):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(PLANNER)])
        assert dict(cursor.fetchall()) == PLANNER

    parameters = INFRA["Resources"]["DatabaseParameters"]["Properties"]["Parameters"]
    assert {name: parameters[name] for name in PLANNER} == PLANNER
