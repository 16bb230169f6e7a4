"""Expands SAM templates as the deployment does, by AWS's own translator: `sam.py TEMPLATE.yaml OUT.json`."""

import json
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The translator asks for the ARNs of AWS's managed policies, which all have the same form."""

    def load(self):
        names = ["AWSLambdaBasicExecutionRole", "AmazonBedrockReadOnly", "AmazonBedrockFullAccess"]
        paths = {"AWSLambdaBasicExecutionRole": "service-role/"}
        return {name: f"arn:aws:iam::aws:policy/{paths.get(name, '')}{name}" for name in names}


def main():
    source, target = map(Path, sys.argv[1:])
    template = yaml_parse(source.read_text())
    for resource in template["Resources"].values():
        # `sam package` uploads the code and names where it is.
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"].setdefault("CodeUri", "s3://bucket/code.zip")
    expanded = transform(template, {}, NoManagedPolicies())
    target.write_text(json.dumps(expanded, indent=2))


if __name__ == "__main__":
    main()
