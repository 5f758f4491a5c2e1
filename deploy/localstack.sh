#!/bin/sh
# The README's deployment steps on LocalStack, one by one: LOCALSTACK_AUTH_TOKEN=… deploy/localstack.sh
# It needs Docker running, and `pip install localstack awscli awscli-local`. It prints what it expects at each step, and stops
# if the result differs. `localstack stop` removes everything.
set -eu
cd "$(dirname "$0")/.."
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_PAGER=

step() { printf '\n%s. %s\n   Expected: %s\n' "$1" "$2" "$3"; }
run() { printf '   $> %s\n' "$*"; "$@"; }
stop() { printf '\nStopped: %s\n' "$*" >&2; exit 1; }
stack_is_made() { # NAME
    status=$(awslocal cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].StackStatus' --output text)
    printf '   The stack %s is %s\n' "$1" "$status"
    [ "$status" = CREATE_COMPLETE ] || {
        # shellcheck disable=SC2016  # the backticks are the query's
        awslocal cloudformation describe-stack-events --stack-name "$1" --output text \
            --query 'StackEvents[?contains(ResourceStatus, `FAILED`)].[LogicalResourceId, ResourceStatusReason]'
        stop "the stack $1 was not made; the reasons are above."
    }
}

step 1 "The programs are there" "the place of each"
for program in localstack awslocal aws docker; do
    run command -v "$program" || stop "$program is missing: pip install localstack awscli awscli-local, and Docker from docker.com."
done

step "2, 3" "Your token" "that there is one; it is not shown"
[ -n "${LOCALSTACK_AUTH_TOKEN:-}" ] || stop "export LOCALSTACK_AUTH_TOKEN=… (app.localstack.cloud, Auth Tokens)"
printf '   It has %s characters.\n' "${#LOCALSTACK_AUTH_TOKEN}"

step 4 "The AWS CLI's profile" "nothing: this script names key, secret and region itself"

step 5 "LocalStack starts in Docker" "that it gets ready within two minutes"
docker info >/dev/null 2>&1 || stop "Docker does not answer. Start it first."
run localstack start -d
run localstack wait -t 120

step 6 "It runs" "a table that says running"
run localstack status services

step 7 "A repository, and the image in it" "a repositoryUri; a build of a few minutes"
uri=$(awslocal ecr create-repository --repository-name test-ecr-repo --query repository.repositoryUri --output text)
printf '   <REPOSITORY_URI> is %s\n' "$uri"
run docker build -t "$uri" -t test-ecr-repo .
run docker tag test-ecr-repo:latest "$uri:latest"

step 8 "The image is pushed" "a digest"
run docker push "$uri"

step "9, 10" "What lasts" "CREATE_COMPLETE; RDS and Redis take some minutes"
run awslocal cloudformation create-stack --stack-name infra --template-body file://templates/ecs.infra.yml
run awslocal cloudformation wait stack-create-complete --stack-name infra || true
stack_is_made infra

step 11 "What runs" "CREATE_COMPLETE, and three services"
run awslocal cloudformation create-stack --stack-name ecs --template-body file://templates/ecs.service.yml \
    --parameters "ParameterKey=ImageUrl,ParameterValue=$uri"
run awslocal cloudformation wait stack-create-complete --stack-name ecs || true
stack_is_made ecs
cluster=$(awslocal cloudformation describe-stacks --stack-name infra --output text \
    --query "Stacks[0].Outputs[?OutputKey=='Cluster'].OutputValue | [0]")
run awslocal ecs describe-services --cluster "$cluster" --services ecs-web ecs-worker ecs-beat \
    --query 'services[].[serviceName, status, runningCount, desiredCount]' --output table

host=$(awslocal cloudformation describe-stacks --stack-name infra --output text \
    --query "Stacks[0].Outputs[?OutputKey=='BalancerHost'].OutputValue | [0]")
url=http://$host:4566/readyz

step "" "It is ready" "\"ready\": true within ten minutes; web migrates the database first"
tries=0
until answer=$(curl --silent --show-error --max-time 10 "$url" 2>&1) && [ "${answer#*'"ready": true'}" != "$answer" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt "${READY_TRIES:-60}" ] || stop "$url does not get ready; it last said: $answer
   What web, worker and beat say: docker ps, then docker logs of each; a name that is not found: docs.localstack.cloud, DNS server."
    sleep "${READY_SECONDS:-10}"
done
printf '   %s says %s\n' "$url" "$answer"
printf 'LocalStack does not scale by itself: the stack leaves that out there. Alarms: awslocal cloudformation create-stack --stack-name alarms\n'
printf -- '--template-body file://templates/ecs.alarms.yml. localstack stop ends all of it.\n'
