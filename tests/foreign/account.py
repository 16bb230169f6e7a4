"""Asks an AWS account on loopback through boto3 and prints what it understood, as one JSON object.

Endpoint, credentials and Region come from the environment, as they do for any AWS client.
"""

import json
import sys
from datetime import timezone

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE, MODEL, PROFILE = sys.argv[1:4]
MESSAGES = [{"role": "user", "content": [{"text": "hello there"}]}]
NATIVE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 2, "messages": [{"role": "user", "content": "hi"}]}


def client(service):
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}))


def plain(value):
    """Makes JSON of what boto3 parsed: bytes and dates become text, streams become lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "isoformat"):
        return value.astimezone(timezone.utc).isoformat()
    if hasattr(value, "read"):
        return value.read().decode()
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def ask(call, **arguments):
    try:
        return plain(call(**arguments))
    except ClientError as error:
        response = error.response
        return {
            "exception": type(error).__name__,
            "code": response["Error"]["Code"],
            "message": response["Error"]["Message"],
            "status": response["ResponseMetadata"]["HTTPStatusCode"],
        }


sts, iam, bedrock, runtime = (client(name) for name in ("sts", "iam", "bedrock", "bedrock-runtime"))
role = ask(iam.get_role, RoleName=ROLE)
simulation = {
    "PolicySourceArn": role.get("Role", {}).get("Arn", "arn:aws:iam::111122223333:role/" + ROLE),
    "ActionNames": ["bedrock:InvokeModel"],
    "ResourceArns": [f"arn:aws:bedrock:us-west-2::foundation-model/{MODEL}"],
    "ContextEntries": [
        {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": ["us-west-2"], "ContextKeyType": "string"}
    ],
}
by_arn = f"arn:aws:bedrock:us-west-2:111122223333:inference-profile/{PROFILE}"
short = {"messages": MESSAGES, "inferenceConfig": {"maxTokens": 2}}
json.dump(
    {
        "sts.get_caller_identity": ask(sts.get_caller_identity),
        "iam.get_role": role,
        "iam.list_role_policies": ask(iam.list_role_policies, RoleName=ROLE),
        "iam.list_attached_role_policies": ask(iam.list_attached_role_policies, RoleName=ROLE),
        "iam.get_role_policy": ask(iam.get_role_policy, RoleName=ROLE, PolicyName="bedrock-invoke"),
        "iam.simulate_principal_policy": ask(iam.simulate_principal_policy, **simulation),
        "iam.create_role": ask(iam.create_role, RoleName="new", AssumeRolePolicyDocument="{}"),
        "bedrock.list_foundation_models": ask(bedrock.list_foundation_models, byProvider="amazon"),
        "bedrock.get_foundation_model": ask(bedrock.get_foundation_model, modelIdentifier=MODEL),
        "bedrock.get_foundation_model_availability": ask(bedrock.get_foundation_model_availability, modelId=MODEL),
        "bedrock.get_inference_profile": ask(bedrock.get_inference_profile, inferenceProfileIdentifier=PROFILE),
        "bedrock.list_inference_profiles": ask(bedrock.list_inference_profiles, maxResults=1),
        "bedrock.get_use_case_for_model_access": ask(bedrock.get_use_case_for_model_access),
        "bedrock.list_foundation_model_agreement_offers": ask(
            bedrock.list_foundation_model_agreement_offers, modelId=MODEL
        ),
        "bedrock.list_enforced_guardrails_configuration": ask(bedrock.list_enforced_guardrails_configuration),
        "bedrock.list_guardrails": ask(bedrock.list_guardrails),
        "runtime.converse": ask(runtime.converse, modelId=PROFILE, **short),
        "runtime.converse (ARN)": ask(runtime.converse, modelId=by_arn, **short),
        "runtime.converse_stream": ask(runtime.converse_stream, modelId=PROFILE, **short),
        "runtime.invoke_model": ask(runtime.invoke_model, modelId=PROFILE, body=json.dumps(NATIVE)),
        "runtime.invoke_model (malformed)": ask(
            runtime.invoke_model, modelId=PROFILE, body=json.dumps({"max_tokens_to_sample": -1})
        ),
        "runtime.invoke_model_with_response_stream": ask(
            runtime.invoke_model_with_response_stream, modelId=PROFILE, body=json.dumps(NATIVE)
        ),
    },
    sys.stdout,
)
