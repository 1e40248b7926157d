#!/bin/sh
# Keeps one node's disk and power: a machine is on only while this script lives.
#
# Reads commands, a line each: "on" boots the machine (its first process is told as
# "on PID"), "off" is a power cut ("off"). At the end of its input, which is also
# what a killed test run looks like, it cuts the power, forgets the disk and goes.
#
# Usage: unshare --mount systemd_keeper.sh FOLDER BOOT [ARGUMENT...]
#   FOLDER  an empty folder; the disk, a tmpfs, is mounted there, in this
#           script's own mount namespace only
#   BOOT    the script that becomes the machine's first process
set -eu

folder=$1
boot=$2
shift 2
label=stalplan-node-$$
power=''

mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$folder"
mkdir "$folder/disk" "$folder/work" "$folder/root" "$folder/cgroup"
# A mount of one's own shows the one cgroup2 tree, wherever the host has it.
mount -t cgroup2 cgroup2 "$folder/cgroup"

switch_on() {
  mkdir "$folder/cgroup/$label"
  sh -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh \
    "$folder/cgroup/$label" \
    unshare --fork --pid --mount --uts --ipc --cgroup --kill-child \
    sh "$boot" "$folder" "$@" </dev/null >>"$folder/console" 2>&1 &
  power=$!
  first=''
  while kill -0 "$power" && [ -z "$first" ]; do
    first=$(cat "/proc/$power/task/$power/children")
    [ -n "$first" ] || sleep 0.01
  done
  echo "on ${first% }"
}

switch_off() {
  [ -n "$power" ] || return 0
  # unshare --kill-child: its end kills the machine's first process, and that
  # one's end kills all the others.
  kill -KILL "$power" 2>/dev/null || :
  wait "$power" 2>/dev/null || :
  power=''
  # A killed process leaves its cgroup a moment after it is gone.
  until [ ! -d "$folder/cgroup/$label" ]; do
    find "$folder/cgroup/$label" -depth -type d -exec rmdir {} + 2>/dev/null ||
      sleep 0.01
  done
}

trap 'switch_off' EXIT
while read -r command; do
  case $command in
    on) switch_on "$@" ;;
    off)
      switch_off
      echo off
      ;;
  esac
done
