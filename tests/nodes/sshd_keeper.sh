#!/bin/sh
# Keeps one sshd: it lives at most as long as this script's input stays open.
#
# Reads commands, a line each: "on" starts the server ("on PID"), "off" ends it and,
# as a real restart does, leaves open sessions alone ("off"). At the end of the input
# the server, its connections and every process begun in a session are killed; the
# last are known by MARK in their environment, however far they went.
#
# Usage: sshd_keeper.sh MARK SSHD [ARGUMENT...]
set -eu

mark=$1
shift
daemon=''
connections=''

below() { cat "/proc/$1/task/$1/children" 2>/dev/null || :; }

switch_off() {
  [ -n "$daemon" ] || return 0
  for connection in $(below "$daemon"); do
    connections="$connections $connection $(below "$connection")"
  done
  kill -TERM "$daemon" 2>/dev/null || :
  wait "$daemon" 2>/dev/null || :
  daemon=''
}

reap() {
  switch_off
  for connection in $connections; do
    case $(cat "/proc/$connection/comm" 2>/dev/null || :) in
      sshd*) kill -KILL "$connection" 2>/dev/null || : ;;
    esac
  done
  # A process may fork between the look and the kill, so look until none is left.
  while :; do
    # Another program's end in the meantime counts as an error for grep.
    begun=$(grep -lsaF "$mark" /proc/[0-9]*/environ || :)
    [ -n "$begun" ] || break
    for environment in $begun; do
      process=${environment#/proc/}
      kill -KILL "${process%/environ}" 2>/dev/null || :
    done
    sleep 0.01
  done
}

trap reap EXIT
while read -r command; do
  case $command in
    on)
      "$@" </dev/null >/dev/null 2>&1 &
      daemon=$!
      echo "on $daemon"
      ;;
    off)
      switch_off
      echo off
      ;;
  esac
done
