#!/bin/sh
# A release by hand, and the one the pipeline makes: migrate, update the stack, smoke test, roll back if that fails.
#
#   deploy/release.sh build              build the image, push it, print its address by digest
#   deploy/release.sh scan IMAGE         what the registry found in it; fails on what is critical
#   deploy/release.sh deploy IMAGE       migrate with IMAGE, run it, look whether it answers; roll back if not
#   deploy/release.sh rollback IMAGE     run an earlier IMAGE again, without migrating
#   deploy/release.sh smoke              only look whether it answers
#
# It needs the AWS CLI, logged in; `build` needs Docker too. INFRA_STACK (infra) and SERVICE_STACK (ecs) name the stacks, URL
# the address that is looked at where it is not the one of the stacks.
set -eu
cd "$(dirname "$0")/.."
INFRA_STACK=${INFRA_STACK:-infra}
SERVICE_STACK=${SERVICE_STACK:-ecs}
SMOKE_TRIES=${SMOKE_TRIES:-30}

say() { printf '%s\n' "$*" >&2; }

output() { # STACK KEY
    aws cloudformation describe-stacks --stack-name "$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]" --output text
}

parameter() { # KEY, of the service stack as it is now
    aws cloudformation describe-stacks --stack-name "$SERVICE_STACK" \
        --query "Stacks[0].Parameters[?ParameterKey=='$1'].ParameterValue | [0]" --output text
}

build() {
    registry=$(output "$INFRA_STACK" Registry)
    tag=$(git rev-parse --short=12 HEAD)
    if ! git diff --quiet HEAD --; then say "There are changes that are not committed: an image has to name its commit."; exit 65; fi
    aws ecr get-login-password | docker login --username AWS --password-stdin "${registry%%/*}" >&2
    docker build --pull --tag "$registry:$tag" . >&2
    docker push "$registry:$tag" >&2
    digest=$(aws ecr describe-images --repository-name "${registry#*/}" --image-ids "imageTag=$tag" \
        --query 'imageDetails[0].imageDigest' --output text)
    printf '%s@%s\n' "$registry" "$digest"
}

scan() { # IMAGE, by digest
    repository=${1%@*}
    repository=${repository#*/}
    aws ecr wait image-scan-complete --repository-name "$repository" --image-id "imageDigest=${1#*@}"
    # shellcheck disable=SC2016  # the backticks are the query's
    critical=$(aws ecr describe-image-scan-findings --repository-name "$repository" --image-id "imageDigest=${1#*@}" \
        --query 'imageScanFindings.findingSeverityCounts.CRITICAL || `0`' --output text)
    say "Critical findings: $critical"
    [ "$critical" = 0 ]
}

# All parameters stay as they are, but for the two images. Answers when CloudFormation has ended, and fails when it could not.
update() { # IMAGE MIGRATE_IMAGE
    others=$(aws cloudformation describe-stacks --stack-name "$SERVICE_STACK" \
        --query 'Stacks[0].Parameters[].ParameterKey' --output text)
    set -- "ParameterKey=ImageUrl,ParameterValue=$1" "ParameterKey=MigrateImageUrl,ParameterValue=$2"
    for key in $others; do
        case $key in
        ImageUrl | MigrateImageUrl) ;;
        *) set -- "$@" "ParameterKey=$key,UsePreviousValue=true" ;;
        esac
    done
    if ! said=$(aws cloudformation update-stack --stack-name "$SERVICE_STACK" \
        --template-body file://templates/ecs.service.yml --parameters "$@" 2>&1); then
        case $said in
        *"No updates are to be performed"*) return 0 ;;
        *) say "$said"; return 1 ;;
        esac
    fi
    aws cloudformation wait stack-update-complete --stack-name "$SERVICE_STACK"
}

migrate() {
    cluster=$(output "$INFRA_STACK" Cluster)
    network="awsvpcConfiguration={subnets=[$(output "$INFRA_STACK" InsideSubnets)],securityGroups=[$(output "$INFRA_STACK" WorkerGroup)],assignPublicIp=DISABLED}"
    task=$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --network-configuration "$network" \
        --task-definition "$(output "$SERVICE_STACK" MigrateTask)" --query 'tasks[0].taskArn' --output text)
    say "Migrating: $task"
    # The CLI's own waiter gives up after ten minutes; a migration may take longer.
    until aws ecs wait tasks-stopped --cluster "$cluster" --tasks "$task"; do say "Still migrating …"; done
    code=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
        --query 'tasks[0].containers[0].exitCode' --output text)
    if [ "$code" != 0 ]; then
        say "The migration failed with $code: see the log group /$INFRA_STACK/migrate. What runs has not been touched."
        return 1
    fi
}

smoke() {
    url=${URL:-$(output "$SERVICE_STACK" Url)}
    case $url in "" | None) url="http://$(output "$INFRA_STACK" BalancerHost)/" ;; esac
    say "Looking at ${url}readyz"
    tries=0
    until curl --fail --silent --show-error --max-time 10 "${url}readyz" >&2; do
        tries=$((tries + 1))
        if [ "$tries" -ge "$SMOKE_TRIES" ]; then say "It does not get ready."; return 1; fi
        sleep "${SMOKE_SECONDS:-10}"
    done
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 "${url}admin/login/")
    [ "$status" = 200 ] || { say "The log-in answers $status."; return 1; }
    # Without a key nothing goes in; that it says so shows that requests reach the API.
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 --request POST \
        --header 'Content-Type: application/json' --data '{}' "${url}api/v1/deliveries")
    [ "$status" = 401 ] || { say "The API answers $status to somebody without a key."; return 1; }
    say "It answers."
}

deploy() { # IMAGE
    before=$(parameter ImageUrl)
    say "Runs now: $before"
    say "To run:   $1"
    update "$before" "$1"
    migrate
    # Where its tasks do not get healthy the circuit breaker, and with it CloudFormation, goes back by itself.
    update "$1" "$1" || { say "The roll-out failed and was taken back: $before runs."; return 1; }
    if smoke; then return 0; fi
    say "Going back to $before"
    update "$before" "$before"
    return 1
}

case "${1:-}" in
build) build ;;
scan) scan "${2:?Which image?}" ;;
deploy) deploy "${2:?Which image?}" ;;
rollback) update "${2:?Which image?}" "$2" && smoke ;;
smoke) smoke ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
