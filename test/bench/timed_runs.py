"""Runs a command for each line of standard input, and prints what the kernel accounted to it, as a line of JSON.

A request: argv, env, and for a run in a cgroup with a limit of CPU `limit`: the file of its processes, its period and
quota in seconds, and how much of the quota is used up when the command starts. A result: wall time and CPU in
milliseconds, from exec to exit, and the most memory in megabytes.
"""
import json
import os
import struct
import sys
import time

STARTED = "dd"


def enter(limit):
    """Moves this process into the cgroup, at the start of a period."""
    with open(limit["processes"], "w") as file:
        file.write(str(os.getpid()))
    # Uses up the quota: after the pause that follows, a period has just started.
    now = time.monotonic()
    while True:
        before, now = now, time.monotonic()
        if now - before > (limit["period"] - limit["quota"]) / 2:
            break
    # That period pays for what ran beyond the quota of the one before. The next one has all of its quota.
    time.sleep(max(0, now + limit["period"] + 0.001 - time.monotonic()))
    until = time.process_time() + limit["used"]
    while time.process_time() < until:
        pass


def become(command, report):
    """Replaces this process by the command, and says when, and how much CPU this process has used until then."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    if "limit" in command:
        enter(command["limit"])
    os.write(report, struct.pack(STARTED, time.monotonic(), time.process_time()))
    os.execve(command["argv"][0], command["argv"], command["env"])


def run(command):
    reading, report = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(command, report)
        except Exception as error:
            print(f"cannot run {command['argv'][0]}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(127)
    os.close(report)
    _, status, usage = os.wait4(pid, 0)
    ended = time.monotonic()
    if status != 0:
        sys.exit(f"{command['argv'][0]} ended with status {os.waitstatus_to_exitcode(status)}")
    with open(reading, "rb") as file:
        started, used = struct.unpack(STARTED, file.read())
    return {
        "wallMilliseconds": (ended - started) * 1000,
        "cpuMilliseconds": (usage.ru_utime + usage.ru_stime - used) * 1000,
        "rssMegabytes": usage.ru_maxrss / 1024,
    }


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
