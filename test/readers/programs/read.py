"""Reads files the way programs written in Python do: the first argument names the reader."""

import json
import sys

import yaml
from dotenv import dotenv_values


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_yaml(loader):
    def read(path):
        with open(path, "rb") as file:
            return yaml.load(file, Loader=loader)

    return read


READERS = {
    "dotenv": dotenv_values,
    "json": read_json,
    "yaml": read_yaml(yaml.SafeLoader),
    "libyaml": read_yaml(getattr(yaml, "CSafeLoader", yaml.SafeLoader)),
}


def answer(path):
    try:
        return READERS[sys.argv[1]](path)
    except (ValueError, yaml.YAMLError):
        return None


print(json.dumps([answer(path) for path in json.load(sys.stdin)]))
