#!/bin/bash
# Starts systemd as process 1 of namespaces of its own, with the units in the folder that the argument names,
# and waits until it ends. It gets control groups of its own too, and the machine's files read-only.
set -euo pipefail

if [ "${2:-}" = inside ]; then
  mount --make-rprivate /
  mount -t proc proc /proc
  # Mounted anew by systemd, which then sees its own group as the root.
  umount --recursive --lazy /sys/fs/cgroup
  mount -t tmpfs tmpfs /run
  mkdir -p /run/systemd
  cp -r "$1/units" /run/systemd/system
  # It must not write on the machine's console.
  touch "$1/console"
  mount --bind "$1/console" /dev/console
  # Nor anything else: only the folder of this run stays writable.
  mount --bind "$1" "$1"
  mount --bind /proc/sys /proc/sys
  for place in /proc/sys /sys /; do mount -o remount,bind,ro "$place"; done
  for program in /usr/lib/systemd/systemd /lib/systemd/systemd; do
    if [ -x "$program" ]; then
      container=other exec "$program" --system --unit=readers.target --log-target=console
    fi
  done
  exit 127
fi

made=()
while IFS=: read -r _ controllers place; do
  hierarchy=/sys/fs/cgroup/${controllers#name=}
  if [ -z "$controllers" ] && [ -d /sys/fs/cgroup/unified ]; then hierarchy=/sys/fs/cgroup/unified; fi
  group=${hierarchy%/}/${place#/}
  group=${group%/}
  mkdir "$group/readers-$$" 2>/dev/null || continue
  made+=("$group")
  # One that takes no process as it is (cpuset) is left out.
  echo $$ 2>/dev/null >"$group/readers-$$/cgroup.procs" || true
done </proc/self/cgroup

status=0
timeout -s KILL 60 unshare --pid --mount --ipc --uts --cgroup --net --fork --kill-child \
  "$BASH" "${BASH_SOURCE[0]}" "$1" inside >/dev/null 2>&1 || status=$?

for group in "${made[@]}"; do
  echo $$ 2>/dev/null >"$group/cgroup.procs" || true
  find "$group/readers-$$" -depth -type d -exec rmdir {} + 2>/dev/null || true
done
exit "$status"
