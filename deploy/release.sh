#!/bin/sh
# A release, run manually or by the pipeline: migrate, run the image, update the template, roll back on failure.
#
#   deploy/release.sh build              build the image, push it, print its address by digest
#   deploy/release.sh scan IMAGE         the registry's findings; fails on critical ones
#   deploy/release.sh deploy IMAGE       migrate with IMAGE, run it, update the template; roll back if it does not answer
#   deploy/release.sh rollback IMAGE     run an earlier IMAGE again with its own template, without migrating
#   deploy/release.sh smoke              only check that it answers
#
# It needs the AWS CLI, logged in; `build` also needs Docker. INFRA_STACK (infra) and SERVICE_STACK (ecs) are the stacks, URL is
# the address to check if it is not the stack's, and MIGRATE_SECONDS (3600) is how long a migration can take.
set -eu
cd "$(dirname "$0")/.."
INFRA_STACK=${INFRA_STACK:-infra}
SERVICE_STACK=${SERVICE_STACK:-ecs}
SMOKE_TRIES=${SMOKE_TRIES:-30}
TEMPLATE=templates/ecs.service.yml
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT

say() { printf '%s\n' "$*" >&2; }

# Every function below handles its own failures: inside a condition, the shell's `set -e` has no effect.

output() { # STACK KEY
    aws cloudformation describe-stacks --stack-name "$1" \
        --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue | [0]" --output text
}

parameter() { # KEY, from the current service stack
    aws cloudformation describe-stacks --stack-name "$SERVICE_STACK" \
        --query "Stacks[0].Parameters[?ParameterKey=='$1'].ParameterValue | [0]" --output text
}

# A tag never moves, so an image that is left from a failed scan is reused, not pushed again.
build() {
    registry=$(output "$INFRA_STACK" Registry)
    tag=$(git rev-parse --short=12 HEAD)
    if ! git diff --quiet HEAD --; then say "There are uncommitted changes: an image is named after its commit."; exit 65; fi
    digest=$(digest_of "${registry#*/}" "$tag")
    if [ "$digest" = None ]; then
        aws ecr get-login-password | docker login --username AWS --password-stdin "${registry%%/*}" >&2
        docker build --pull --tag "$registry:$tag" . >&2
        docker push "$registry:$tag" >&2
        digest=$(digest_of "${registry#*/}" "$tag")
    else
        say "$tag is in the registry already."
    fi
    printf '%s@%s\n' "$registry" "$digest"
}

digest_of() { # REPOSITORY TAG; None if it does not exist
    aws ecr batch-get-image --repository-name "$1" --image-ids "imageTag=$2" \
        --query 'images[0].imageId.imageDigest' --output text
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

# The template that was committed with an image: its tag in the registry is its commit.
template_of() { # IMAGE, by digest; writes the file and prints its name
    repository=${1%@*}
    repository=${repository#*/}
    commit=$(aws ecr describe-images --repository-name "$repository" --image-ids "imageDigest=${1#*@}" \
        --query 'imageDetails[0].imageTags[0]' --output text) || return 1
    if ! git show "$commit:$TEMPLATE" > "$FOLDER/$commit.yml" 2> "$FOLDER/why"; then
        say "The template of $1 (commit $commit) is not in this checkout: $(cat "$FOLDER/why")"
        return 1
    fi
    printf '%s\n' "$FOLDER/$commit.yml"
}

# All parameters stay as they are, except the two images. Returns when CloudFormation is done, and fails if it failed.
update() { # IMAGE MIGRATE_IMAGE [TEMPLATE]; without a template the stack keeps its own
    image=$1 migrate_image=$2 template=${3:-}
    others=$(aws cloudformation describe-stacks --stack-name "$SERVICE_STACK" \
        --query 'Stacks[0].Parameters[].ParameterKey' --output text) || return 1
    set -- "ParameterKey=ImageUrl,ParameterValue=$image" "ParameterKey=MigrateImageUrl,ParameterValue=$migrate_image"
    for key in $others; do
        case $key in
        ImageUrl | MigrateImageUrl) ;;
        *) if [ -z "$template" ] || grep -q "^  $key:" "$template"; then set -- "$@" "ParameterKey=$key,UsePreviousValue=true"; fi ;;
        esac
    done
    set -- --parameters "$@"
    if [ -n "$template" ]; then set -- --template-body "file://$template" "$@"; else set -- --use-previous-template "$@"; fi
    if ! said=$(aws cloudformation update-stack --stack-name "$SERVICE_STACK" "$@" 2>&1); then
        case $said in
        *"No updates are to be performed"*) return 0 ;;
        *) say "$said"; return 1 ;;
        esac
    fi
    aws cloudformation wait stack-update-complete --stack-name "$SERVICE_STACK"
}

migrate() {
    cluster=$(output "$INFRA_STACK" Cluster) || return 1
    subnets=$(output "$INFRA_STACK" InsideSubnets) || return 1
    group=$(output "$INFRA_STACK" WorkerGroup) || return 1
    definition=$(output "$SERVICE_STACK" MigrateTask) || return 1
    task=$(aws ecs run-task --cluster "$cluster" --launch-type FARGATE --task-definition "$definition" \
        --network-configuration "awsvpcConfiguration={subnets=[$subnets],securityGroups=[$group],assignPublicIp=DISABLED}" \
        --query '[tasks[0].taskArn, failures[0].reason]' --output text) || return 1
    why=${task#*	} task=${task%%	*}
    case $task in "" | None) say "ECS placed no task for the migration: $why. What runs has not been touched."; return 1 ;; esac
    say "Migrating: $task"
    waited=0
    while :; do
        state=$(aws ecs describe-tasks --cluster "$cluster" --tasks "$task" \
            --query 'tasks[0].[lastStatus, containers[0].exitCode, stoppedReason]' --output text) || return 1
        case $state in STOPPED*) break ;; esac
        if [ "$waited" -ge "${MIGRATE_SECONDS:-3600}" ]; then
            say "The migration has not ended within $waited seconds. It goes on; what runs has not been touched."
            return 1
        fi
        sleep "${MIGRATE_STEP:-10}"
        waited=$((waited + ${MIGRATE_STEP:-10}))
    done
    code=$(printf '%s' "$state" | cut -f 2)
    if [ "$code" != 0 ]; then
        say "The migration failed with $code ($(printf '%s' "$state" | cut -f 3)): see the log group of migrate. What runs has not been touched."
        return 1
    fi
}

smoke() {
    url=${URL:-$(output "$SERVICE_STACK" Url)} || return 1
    case $url in "" | None) host=$(output "$INFRA_STACK" BalancerHost) || return 1; url="http://$host/" ;; esac
    say "Checking ${url}readyz"
    tries=0
    until curl --fail --silent --show-error --max-time 10 "${url}readyz" >&2; do
        tries=$((tries + 1))
        if [ "$tries" -ge "$SMOKE_TRIES" ]; then say "It does not get ready."; return 1; fi
        sleep "${SMOKE_SECONDS:-10}"
    done
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 "${url}admin/login/") || true
    [ "$status" = 200 ] || { say "The log-in answers $status."; return 1; }
    # A request without a key is refused; the refusal shows that requests reach the API.
    status=$(curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 --request POST \
        --header 'Content-Type: application/json' --data '{}' "${url}api/v1/deliveries") || true
    [ "$status" = 401 ] || { say "The API answers $status without a key."; return 1; }
    say "It answers."
}

# The image is updated before the template, so that one thing changes at a time and each can be rolled back separately.
deploy() { # IMAGE
    before=$(parameter ImageUrl)
    own=$(template_of "$1")
    aws cloudformation get-template --stack-name "$SERVICE_STACK" --query TemplateBody --output text > "$FOLDER/before.yml"
    say "Runs now: $before"
    say "To run:   $1"
    update "$before" "$1" || { say "The migration's image could not be set. What runs has not been touched."; return 1; }
    migrate || return 1
    # If its tasks do not become healthy, the circuit breaker, and with it CloudFormation, rolls back automatically.
    update "$1" "$1" || { say "The roll-out failed and was taken back: $before runs."; return 1; }
    smoke || { go_back "$before"; return 1; }
    update "$1" "$1" "$own" || { say "The new template failed and was taken back; $1 runs with the previous one."; return 1; }
    smoke || { go_back "$before"; return 1; }
}

go_back() { # IMAGE
    say "Going back to $1"
    update "$1" "$1" "$FOLDER/before.yml" || say "Going back failed too: see the events of the stack $SERVICE_STACK."
}

case "${1:-}" in
build) build ;;
scan) scan "${2:?Which image?}" ;;
deploy) deploy "${2:?Which image?}" ;;
rollback) own=$(template_of "${2:?Which image?}"); update "$2" "$2" "$own"; smoke ;;
smoke) smoke ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
