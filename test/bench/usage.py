"""Runs commands in turn and prints what the kernel accounted to each run: CPU in milliseconds, most memory in megabytes.

Reads JSON from standard input: commands by name (argv, env, and a directory to empty first), and rounds.
"""
import json
import os
import shutil
import sys

given = json.load(sys.stdin)


def run(command):
    if command.get("empty"):
        shutil.rmtree(command["empty"], ignore_errors=True)
        os.makedirs(command["empty"])
    argv = command["argv"]
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execve(argv[0], argv, command["env"])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{argv[0]} ended with status {status}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


seen = {name: [] for name in given["commands"]}
for _ in range(given["rounds"]):
    for name, command in given["commands"].items():
        seen[name].append(run(command))
json.dump(
    {name: {"cpu": [cpu for cpu, _ in runs], "rss": max(rss for _, rss in runs)} for name, runs in seen.items()},
    sys.stdout,
)
