"""Reads templates of the command iam-policy: takes [[CloudFormation, Terraform], ...] as JSON, and answers with
[[messages of cfn-lint, blocks of Terraform by address], ...]. Calls of jsonencode are replaced by their argument."""

import json
import re
import sys

import hcl2
from cfnlint.api import lint_all


def lint(template):
    # Messages that start with I are information.
    return [str(match) for match in lint_all(template) if not match.rule.id.startswith("I")]


def plain(value):
    """Without the quotes and marks that python-hcl2 keeps."""
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items() if name != "__is_block__"}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith('"'):
        return json.loads(value)
    encoded = re.fullmatch(r"\$\{jsonencode\((.*)\)\}", value, re.S)
    return value if encoded is None else plain(hcl2.loads("value = " + encoded[1] + "\n"))["value"]


def blocks(text):
    found = {}
    for kind, list_of in plain(hcl2.loads(text)).items():
        for block in list_of:
            for label, content in block.items():
                if kind == "resource":
                    for name, attributes in content.items():
                        found[label + "." + name] = attributes
                else:
                    found[kind + "." + label] = content
    return found


print(json.dumps([[lint(one), blocks(other)] for one, other in json.load(sys.stdin)]))
