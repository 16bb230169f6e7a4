#!/usr/bin/env bash
# Lists and calls every tool, resource and prompt of the server for agents with the inspector of the protocol (npm), which
# knows nothing of this program.
#
#   tests/foreign/inspector.sh PROGRAM
set -euo pipefail
program="$(realpath "$1")"
home="$(mktemp -d)"
trap 'rm -rf "$home"' EXIT
export npm_config_cache="$home/npm"
npm install --silent --no-save --prefix "$home" @modelcontextprotocol/inspector@2.12.0 >/dev/null
ask() { "$home/node_modules/.bin/mcp-inspector" --cli "$program" mcp --sandbox --method "$@"; }
has() { grep -q -- "$1" || { echo "inspector: no $1 in the answer to $2" >&2; exit 1; }; }

tools="$(ask tools/list | python3 -c 'import json, sys; print(*(tool["name"] for tool in json.load(sys.stdin)["tools"]))')"
[ "$(wc -w <<<"$tools")" -eq 9 ] || { echo "inspector: nine tools are documented, and it lists: $tools" >&2; exit 1; }
ask tools/call --tool-name diagnose_call | has '"structuredContent"' diagnose_call
ask tools/call --tool-name explain_error --tool-arg "text=AccessDeniedException: no identity-based policy allows the bedrock:InvokeModel action" |
    has identity-policy-missing-allow explain_error
ask tools/call --tool-name list_callable_models | has structuredContent list_callable_models
ask tools/call --tool-name required_permissions --tool-arg 'operations=["converse"]' | has bedrock:InvokeModel required_permissions
ask tools/call --tool-name generate_policy --tool-arg model=amazon.nova-lite-v1:0 --tool-arg region=us-west-2 |
    has bedrock:InvokeModel generate_policy
ask tools/call --tool-name lint_policy --tool-arg 'policy={"Version": "2012-10-17", "Statement": []}' | has '"content"' lint_policy
fixtures="$(realpath "$(dirname "$0")/../fixtures")"
ask tools/call --tool-name check_plan --tool-arg "paths=[\"$fixtures/iac/tf-modules.fixed.json\"]" | has '"verdict"' check_plan
ask tools/call --tool-name simulate_policy --tool-arg 'policies=["AmazonBedrockReadOnly"]' --tool-arg model=amazon.nova-lite-v1:0 \
    --tool-arg region=us-west-2 | has '"decision"' simulate_policy
ask tools/call --tool-name find_denials --tool-arg "paths=[\"$fixtures/trail/cloudtrail.json\"]" | has '"groups"' find_denials
for resource in $(ask resources/list | python3 -c 'import json, sys; print(*(one["uri"] for one in json.load(sys.stdin)["resources"]))'); do
    ask resources/read --uri "$resource" | has '"contents"' "$resource"
done
ask prompts/list | has '"prompts"' prompts/list
echo "inspector: all tools, resources and prompts: $tools"
