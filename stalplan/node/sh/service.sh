# shellcheck shell=sh
# The mail server as its service manager sees it, and how it is stopped and started.
#
# With manager "command" the controller defines run_start, run_stop, run_active and
# perhaps run_pid and run_version; what stands before a command ("timeout 9") is
# passed as arguments.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# At most $1 seconds for a command, where the node has the means.
limit() {
  limit_seconds=$1
  shift
  if command -v timeout >/dev/null 2>&1; then
    timeout "$limit_seconds" "$@"
  else
    "$@"
  fi
}

# Sets running (yes or no), pid and born (empty where unknown); service_problem where
# the service can't be seen. $1: more properties of the unit to read into service_KEY.
# shellcheck disable=SC2119,SC2120 # most callers need nothing more
look_at_service() {
  service_problem=
  running=no
  pid=
  born=
  ending=no
  case $ask_manager in
    systemd) look_at_unit "${1-}" ;;
    docker | podman) look_at_container ;;
    *) look_at_command ;;
  esac
}

look_at_unit() {
  shown=$(systemctl show -p "LoadState,ActiveState,SubState,MainPID,ControlGroup$1" \
    -- "$ask_unit" 2>/dev/null)
  if [ -z "$shown" ]; then
    service_problem='systemctl does not answer'
    return 0
  fi
  load_state=
  state=
  sub_state=
  control_group=
  unit_files=
  set -f
  IFS=$newline
  for line in $shown; do
    case $line in
      LoadState=*) load_state=${line#*=} ;;
      ActiveState=*) state=${line#*=} ;;
      SubState=*) sub_state=${line#*=} ;;
      MainPID=*) pid=${line#*=} ;;
      ControlGroup=*) control_group=${line#*=} ;;
      ExecStart=*) unit_exec=${line#*=} ;;
      User=*) unit_user=${line#*=} ;;
      Group=*) unit_group=${line#*=} ;;
      Environment=*) unit_environment=${line#*=} ;;
      EnvironmentFiles=*) unit_files=$unit_files${line#*=}$newline ;;
    esac
  done
  unset IFS
  set +f
  case $load_state in
    loaded) ;;
    *)
      service_problem="the unit $ask_unit is $load_state"
      return 0
      ;;
  esac
  # A unit between two tries of Restart=on-failure is wanted, so it counts as running.
  case $state in
    active | reloading | activating) running=yes ;;
    deactivating) ending=yes ;;
  esac
  [ "$pid" != 0 ] && born_of "$pid" || pid=
}

look_at_command() {
  if run_active limit 30 </dev/null >/dev/null 2>&1 8>&- 9>&-; then
    running=yes
  else
    return 0
  fi
  command -v run_pid >/dev/null || return 0
  pid=$(run_pid limit 30 </dev/null 2>/dev/null 8>&- 9>&-)
  case $pid in '' | *[!0-9]*) pid= ;; *) born_of "$pid" || pid= ;; esac
}

# Asks for the stop and returns; fails where the manager refuses.
ask_to_stop() {
  stop_job=
  case $ask_manager in
    systemd)
      systemctl --no-ask-password --no-block stop -- "$ask_unit" </dev/null >/dev/null 2>&1
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
