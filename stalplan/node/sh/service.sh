# shellcheck shell=sh
# The mail server as its service manager sees it.
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
