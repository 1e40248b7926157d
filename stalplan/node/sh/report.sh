# shellcheck shell=sh
# One look at a node: its file, unchanged while we read it, service, lease, problems.
# Leaves nothing behind. Each process it starts costs the node about a millisecond.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

LARGEST=1048576 # bytes; a larger config file is not fetched

report() {
  need stat sha256sum
  if [ "$ask_manager" = systemd ] && ! command -v systemctl >/dev/null 2>&1; then
    service_problem='there is no systemctl: the node does not run systemd'
  else
    look_at_service "$UNIT_FACTS"
  fi
  find_config
  real=
  resolved=no
  if [ -n "$config" ] && resolve_config; then resolved=yes; fi
  file_facts
  report_service
  if [ -z "$config" ]; then
    put file_problem "$config_problem"
  else
    report_file
  fi
  who_am_i
  if [ "$ask_manager" != command ] || command -v run_version >/dev/null; then
    put server_version "$(server_version </dev/null 2>/dev/null | head -c 200)"
  fi
  report_probes
  finished
}

# The three readings of time belong together: the server's start in clock ticks, this
# moment in ticks, and by the clock, both of one process.
report_service() {
  put now "$moment"
  put ticks "$ticks"
  if [ -n "$service_problem" ]; then
    put service_problem "$service_problem"
    return 0
  fi
  put running "$running"
  if [ "$running" = yes ] && [ -n "$pid" ]; then
    put pid "$pid"
    put born "$born"
  fi
}

report_file() {
  put path "$config"
  if [ "$resolved" = no ]; then
    put file_problem "$config does not exist"
    return 0
  fi
  if [ ! -e "$real" ]; then
    put file_problem "$config does not exist"
    [ -n "$links" ] || report_work
    return 0
  fi
  if [ ! -f "$real" ]; then
    put file_problem "$config is no file"
    return 0
  fi
  if ! trust_links; then
    put file_problem "$config is reached through a link that neither root nor its owner made"
    return 0
  fi
  put real_path "$real"
  send_file
  look_at_folder
  put replace_problem "$replace_problem"
  if unreadable_by_service; then put unreadable yes; fi
  report_environment
  report_work
}

# Sends the bytes until they were sent without a change meanwhile; the last ones count.
# The server rewrites its file in place, so a reader may see half of it.
# Source: stalwart v0.15.5 crates/common/src/manager/config.rs.
send_file() {
  for try in 1 2 3; do
    [ -n "$facts" ] || break
    before=$facts
    if [ "$file_size" -gt "$LARGEST" ]; then
      put file_facts "$facts"
      put too_large yes
      return 0
    fi
    field file
    head -c $((LARGEST + 1)) "$real" 2>/dev/null || break
    file_facts
    if [ "$before" = "$facts" ]; then
      put file_facts "$facts"
      return 0
    fi
  done
  if [ ! -r "$real" ]; then
    put file_problem "$real can't be read by $(id -un)"
  else
    put file_problem "$real changes while it is read"
  fi
}

# Of the environment only what is asked for: from the running process and from the
# unit, since they can differ. Manager "command" has no unit: the next start is taken to
# have what this one had.
report_environment() {
  [ -n "${ask_variables-}" ] || return 0
  if [ "$ask_manager" != command ]; then
    field unit_environment
    unit_values "$ask_variables"
    [ -n "$pid" ] || return 0
  fi
  if ! command -v awk >/dev/null 2>&1 || [ ! -r "/proc/$pid/environ" ]; then
    put unmade 'environment	what the running server has in its environment'
    return 0
  fi
  field environment
  process_values
  [ "$ask_manager" = command ] || return 0
  field unit_environment
  process_values
}

# A newline within a value travels as \001.
process_values() {
  tr '\n\0' '\001\n' <"/proc/$pid/environ" |
    awk -F= -v "names= $ask_variables " 'index(names, " " $1 " ")'
}

report_work() {
  who_am_i
  work_place
  lease_problem=
  can_detach || lease_problem=$detach_problem
  if [ -d "$work" ]; then
    work_is_ours || lease_problem="$work belongs to somebody else, or others can write it"
  else
    can_make "$work" || lease_problem="no folder can be made at $work"
  fi
  put lease_problem "$lease_problem"
  [ -z "$lease_problem" ] && [ -d "$work" ] || return 0
  read_lease
  if is_held; then put_lease; fi
  send_began_with
  digest=
  put_transactions
}

# Whether $1, or the first folder above it that exists, can be written.
can_make() {
  above=$1
  while [ ! -e "$above" ]; do
    above=${above%/*}
    [ -n "$above" ] || above=/
  done
  [ -d "$above" ] && [ -w "$above" ]
}

# The bytes that the running process began with, where a transaction of ours started
# it and the file is another one now.
send_began_with() {
  began_with=
  read -r began_with 2>/dev/null <"$work/started" || return 0
  lives "$began_with" && [ "${began_with%% *}" = "$pid" ] || return 0
  cmp -s "$work/started.file" "$real" && return 0
  field began_with
  cat "$work/started.file"
}

# What a probe would have shown, for each that this node can't make.
report_probes() {
  has_http || put unmade 'http	whether the server says that it is ready'
  has_talk || put unmade 'greeting	by which name the server greets other mail servers'
  if is_in_container && [ -z "${pid-}" ]; then
    put unmade 'version	which release is installed'
  fi
  if [ "$ask_manager" = command ]; then
    command -v run_version >/dev/null ||
      put unmade 'version	which release is installed'
    command -v run_pid >/dev/null ||
      put unmade 'pid	which process the server is, and when it began'
  fi
  if ! command -v awk >/dev/null 2>&1; then
    put unmade 'sockets	whether the server itself owns the ports that its file names'
  elif [ -n "${pid-}" ] && ! ls "/proc/$pid/fd/" >/dev/null 2>&1; then
    put unmade 'sockets	whether the server itself owns the ports that its file names'
  fi
  copies_all || put unmade 'acl	whether the file has an ACL or a label that a copy would lose'
}

# Whether a copy keeps ACLs and labels, or it can be seen that it doesn't. GNU's cp keeps
# them and tells a version; busybox's is a link and tells none.
copies_all() {
  command -v getfattr >/dev/null 2>&1 && return 0
  IFS=:
  for each in $PATH; do
    [ -x "$each/cp" ] || continue
    unset IFS
    [ -L "$each/cp" ] || return 0
    break
  done
  unset IFS
  [ -n "$(cp --version 2>/dev/null)" ]
}
