"""Makes users, roles and sessions in an account on loopback, and prints their credentials as one JSON object.

Endpoint, Region and the administrator's credentials come from the environment.
"""

import json

import boto3

READ = {
    "Effect": "Allow",
    "Action": ["iam:SimulatePrincipalPolicy", "iam:GetRole", "bedrock:Get*", "bedrock:List*"],
    "Resource": "*",
}
INVOKE = {
    "Effect": "Allow",
    "Action": ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
    "Resource": "*",
}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}

iam, sts = boto3.client("iam"), boto3.client("sts")


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def user(name, *statements):
    iam.create_user(UserName=name, Path="/people/")
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"], "token": ""}


def role(name, path, *statements):
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(TRUST))
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return made["Role"]["Arn"]


def session(arn, **restriction):
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="test-session", **restriction)["Credentials"]
    return {"id": keys["AccessKeyId"], "secret": keys["SecretAccessKey"], "token": keys["SessionToken"]}


plain = role("plain", "/", READ, INVOKE)
pathed = role("pathed", "/apps/chat/", READ, INVOKE)
idle = role("idle", "/apps/", READ)
print(
    json.dumps(
        {
            "user-with": user("user-with", READ, INVOKE),
            "user-without": user("user-without", READ),
            "role-with": session(plain),
            "role-with-path": session(pathed),
            "role-without": session(idle),
            "session-policy": session(plain, Policy=document(READ)),
        }
    )
)
