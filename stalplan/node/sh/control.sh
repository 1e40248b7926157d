# shellcheck shell=sh
# How the mail server is stopped and started, and waited for.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# Asks for the stop and returns; fails where the manager refuses, and sets stop_refused.
ask_to_stop() {
  stop_job=
  stop_refused=
  case $ask_manager in
    systemd)
      systemctl --no-ask-password --no-block stop -- "$ask_unit" </dev/null >/dev/null 2>&1 ||
        stop_refused=yes
      [ -z "$stop_refused" ]
      return
      ;;
    # The engine ends a process that is still there after the time it is given.
    docker | podman) alone "$ask_manager" stop -t "$ask_stop_timeout" -- "$ask_unit" & ;;
    *) alone run_stop & ;;
  esac
  stop_job=$!
}

# Runs a command in the background with none of our descriptors. A server that
# inherited the lock would hold it as long as it runs, and so would the shell that
# waits for it: what a function's redirection closes, its shell keeps a copy of.
alone() {
  exec </dev/null >/dev/null 2>&1 8>&- 9>&-
  "$@"
}

# Asks for the start and returns.
ask_to_start() {
  case $ask_manager in
    systemd)
      systemctl reset-failed -- "$ask_unit" </dev/null >/dev/null 2>&1
      alone systemctl --no-ask-password start -- "$ask_unit" &
      ;;
    docker | podman) alone "$ask_manager" start -- "$ask_unit" & ;;
    *) alone run_start & ;;
  esac
  start_job=$!
  start_status=
}

# Sets start_status once the command that starts the service has ended.
look_at_start() {
  [ -z "$start_status" ] || return 0
  kill -0 "$start_job" 2>/dev/null && born_of "$start_job" && return 0
  wait "$start_job"
  start_status=$?
  centiseconds
  start_ended=$centiseconds
}

# Sets others to "PID BORN" of the children of process $1, a line each.
children_of() {
  others=
  children=
  read -r children 2>/dev/null <"/proc/$1/task/$1/children"
  for child in $children; do
    born_of "$child" && others=$others"$child $born$newline"
  done
}

# Whether the stop command still runs: it may yet remove the pid file of the next server.
stops_still() {
  [ -n "${stop_job-}" ] && kill -0 "$stop_job" 2>/dev/null && born_of "$stop_job"
}

# Whether nothing is left of the process that found_pid, found_born and found_others
# name, nor of what its unit started: KillMode=process leaves children behind.
is_gone() {
  stops_still && return 1
  if [ -z "$found_pid" ]; then
    look_at_service
    [ "$running" = no ] && [ "$ending" = no ]
    return
  fi
  born_of "$found_pid" && [ "$born" = "$found_born" ] && return 1
  while read -r other other_born; do
    [ -n "$other" ] && born_of "$other" && [ "$born" = "$other_born" ] && return 1
  done <"$tx/others"
  if [ "$ask_manager" != command ]; then
    look_at_service
    [ "$running" = no ] && [ "$ending" = no ] || return 1
  fi
  group_is_empty
}

# The first line of a group's list of processes tells; which hierarchy holds it
# differs between cgroup versions. Groups below it are looked into as well.
group_is_empty() {
  [ -n "$found_group" ] && [ "$found_group" != / ] || return 0
  for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    for procs in "$root$found_group/cgroup.procs" "$root$found_group"/*/cgroup.procs; do
      left=
      read -r left 2>/dev/null <"$procs"
      [ -z "$left" ] || return 1
    done
  done
}

# Waits until the old process is gone, at most ask_stop_timeout seconds.
wait_until_gone() {
  uptime_seconds
  gone_by=$((uptime_seconds + ask_stop_timeout))
  # An engine needs a moment after the end of the time that it gave.
  case $ask_manager in docker | podman) gone_by=$((gone_by + 15)) ;; esac
  while ! is_gone; do
    uptime_seconds
    [ "$uptime_seconds" -lt "$gone_by" ] || return 1
    nap 0.1
  done
}
