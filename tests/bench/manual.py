"""The doctor's first four questions in boto3, for the comparison in manual.rs."""

import sys

import boto3

role, action, resource, model = sys.argv[1:]
boto3.client("sts").get_caller_identity()
boto3.client("iam").simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource])
bedrock = boto3.client("bedrock")
bedrock.list_foundation_models()
bedrock.get_foundation_model_availability(modelId=model)
