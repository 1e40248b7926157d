# shellcheck shell=sh
# The node's own transaction. Once begun it ends with the old file or the new, whole,
# and the service as it was found, whether or not anybody listens.
#
# Runs detached, as a script of its own: sh script RECORD LAUNCH. Every act is noted
# before it is done. Nothing here may end the shell by itself: no set -e, no set -u.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

transaction() {
  tx=$1
  launch=$2
  exec </dev/null >/dev/null 2>&1
  # Children get these signals as they should; we outlive a login that hangs up.
  trap : HUP INT
  # At a shutdown the record decides later: what could not be finished is not judged.
  trap 'exit 143' TERM
  place_again || exit 1
  boot_id
  born_of "$$"
  printf '%s %s %s\n' "$$" "$born" "$boot" >"$tx/pid.$$"
  decide_claim begun
  [ "$claim" = begun ] || leave
  hold_node
  read_lease
  has_fence || will_not "lease-lost ${lease_run:-nobody}"
  if [ -e "$tx/begun" ]; then go_on; fi
  begin
}

# All paths once more, as they were when the script was sent.
place_again() {
  read -r real <"$tx/real" || return 1
  folder=${real%/*}
  name=${real##*/}
  who_am_i
  work=${tx%/tx/*}
  staged_place "$ask_run" "$ask_step"
}

# One transaction at a time: the lock where flock exists, and no other's live process.
# Each shows itself before it looks, so of two at once none goes on.
hold_node() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>>"$work/lock"
    flock -w 60 9 || will_not 'another transaction runs on the node'
  fi
  not_this_tx=$tx
  [ -z "$(running_transaction)" ] && ! another_works_on_it ||
    will_not 'another transaction runs on the node'
}

another_works_on_it() {
  for each in "$tx"/pid.*; do
    [ "$each" != "$tx/pid.$$" ] || continue
    pid_line=
    read -r pid_line <"$each"
    lives "$pid_line" && return 0
  done
  return 1
}

has_fence() {
  is_held && [ "$lease_run" = "$ask_run" ] && [ "$lease_number" = "$ask_fence" ]
}

still_ours() {
  read_lease
  has_fence
}

# Nothing is begun; what was begun before stays as it is.
will_not() {
  keep "$tx/refused" "$1"
  leave
}

leave() {
  rm -f "$tx/pid.$$"
  exit 0
}

note() {
  printf '%s %s %s\n' "$(date +%s)" "$1" "$2" >>"$tx/log"
}

# Final: a word and a sentence. The staged files go once it would survive a power cut.
verdict() {
  note "$1" "${2:-Done.}"
  keep "$tx/verdict" "$1${2:+$newline$2}"
  cd /
  rm -rf "$staged"
  flush "$folder"
  leave
}

# Replaces nothing and stops nothing until every byte that could be needed lies ready.
begin() {
  now
  keep "$tx/begun" "$now" || will_not 'the record cannot be written; is the disk full?'
  note begin 'Looking at the file and the service.'
  digest_of "$real"
  [ "$digest" = "$ask_base" ] ||
    verdict stale "The file is $digest, no longer the base. Nothing was stopped."
  look_at_service
  [ -z "$service_problem" ] ||
    verdict restored "Nothing was stopped: $service_problem."
  found_running=$running
  [ "$ending" != yes ] || wait_for_stop_under_way
  found_pid=$pid
  found_born=$born
  found_group=${control_group-}
  others=
  [ -z "$found_pid" ] || children_of "$found_pid"
  printf '%s' "$others" >"$tx/others"
  baseline
  log_sizes >"$tx/log_sizes"
  keep "$tx/found" "running $found_running
pid $found_pid
born $found_born
boot $boot
group $found_group
sockets $base_sockets
ready $base_ready
greeting $base_greeting
keys $base_keys" ||
    verdict restored 'The record cannot be written; is the disk full? Nothing was stopped.'
  flush "$tx/others" "$tx/log_sizes"
  if [ "$ask_base" != "$ask_result" ]; then
    make_ready_to_go_back ||
      verdict restored 'No copy of the old file could be kept; is the disk full? Nothing was stopped.'
  fi
  still_ours || verdict stale "The lease passed to ${lease_run:-nobody}. Nothing was stopped."
  stop_and_replace
}

# Somebody stops the service right now: it counts as stopped.
wait_for_stop_under_way() {
  found_pid=$pid
  found_born=$born
  found_group=${control_group-}
  : >"$tx/others"
  wait_until_gone ||
    verdict not-stopped 'Somebody is stopping the service, and it does not end.'
  pid=
  born=
}

stop_and_replace() {
  if [ "$found_running" = yes ]; then
    keep "$tx/stopping" "$now"
    note stop 'Stopping the server.'
    stop_old || not_stopped
    note gone 'The old process is gone.'
  else
    look_at_service
    [ "$running" = no ] ||
      verdict stale 'Somebody started the service meanwhile. Nothing was stopped.'
  fi
  if [ "$ask_base" != "$ask_result" ]; then
    still_ours || back_up_again stale "The lease passed to ${lease_run:-nobody}."
    digest_of "$real"
    [ "$digest" = "$ask_base" ] ||
      back_up_again stale "The file became $digest while the server stopped."
    note replace 'Replacing the file.'
    replace_with new "$ask_result" ||
      back_up_again restored 'The file could not be replaced; the old one is in its place.'
  fi
  start_new
}

stop_old() { ask_to_stop && wait_until_gone; }

# The old process did not go in time, so nothing is replaced. But it was told to end
# and may do so yet: then a new one is needed, for the service to be as it was found.
# So it is where the manager refused, who may have heard us all the same.
not_stopped() {
  stayed="was still there after $ask_stop_timeout s. It was told to end, and may do so yet."
  [ -z "$stop_refused" ] || stayed="is still there: systemd refused to stop $ask_unit."
  note start 'The old process did not go; starting the service again.'
  ask_to_start
  nap 1
  look_at_start
  note linger 'Watching the old process: it was told to end, and may do so yet.'
  uptime_seconds
  watched_by=$((uptime_seconds + ask_health_timeout))
  while lingers_on; do
    uptime_seconds
    [ "$uptime_seconds" -lt "$watched_by" ] ||
      verdict not-stopped "The old process $stayed"
    nap 0.2
  done
  resumed=yes
  start_and_wait ||
    verdict failed "The old process went only after $ask_stop_timeout s, and the server did not come back: $trouble."
  note_started
  verdict not-stopped "The old process went only after $ask_stop_timeout s. The server was started again with the file as it was."
}

lingers_on() {
  stops_still && return 0
  if [ -n "$found_pid" ]; then
    born_of "$found_pid" && [ "$born" = "$found_born" ]
  else
    look_at_service
    [ "$running" = yes ]
  fi
}

# Whether the new file is in place: by one rename within the folder, as old or new,
# never through a path that somebody else could bend meanwhile.
replace_with() {
  cd "$staged/$1" && staged_is_ours && digest_of "./$name" && [ "$digest" = "$2" ] &&
    is_same_folder "$up" "$folder" || return 1
  # A folder as target takes the file under its own name, whatever stands there: a
  # link that was planted is replaced, not followed.
  mv -f "./$name" "$up/" && flush "$folder"
  digest_of "$real"
  [ "$digest" = "$2" ]
}

is_same_folder() { [ "$(stat -c '%d %i' "$1")" = "$(stat -c '%d %i' "$2")" ]; }

# Keeps the old file twice: beside the target, whole with its owner, ready to be
# renamed back; and among the five backups.
make_ready_to_go_back() {
  if ! { cd "$staged/old" && staged_is_ours; }; then return 1; fi
  rm -f "./$name"
  copy_of_target "$name" && has_same_owner "./$name" && digest_of "./$name" &&
    [ "$digest" = "$ask_base" ] && flush "./$name" . && keep_backup "./$name"
}

# Numbers grow, so the newest sorts last.
keep_backup() {
  rm -f "$work"/backups/*.new # of a transaction that was killed
  last=100000
  for each in "$work"/backups/*; do
    number=${each##*/}
    number=${number%%.*}
    case $number in '' | *[!0-9]*) continue ;; esac
    [ "$number" -le "$last" ] || last=$number
  done
  backup=$work/backups/$((last + 1)).$ask_run.$ask_step
  cp -p "$1" "$backup.new" && flush "$backup.new" && mv -f "$backup.new" "$backup" &&
    flush "$work/backups" || return 1
  for each in "$work"/backups/*; do
    number=${each##*/}
    number=${number%%.*}
    case $number in '' | *[!0-9]*) continue ;; esac
    [ "$number" -gt $((last - 4)) ] || rm -f "$each"
  done
}

# Starts the service where it ran, or was asked for; else leaves it stopped.
start_new() {
  if [ "$found_running" != yes ] && [ "$ask_start_stopped" != yes ]; then
    verdict applied ''
  fi
  if start_and_wait; then
    note_started
    verdict applied "$(sentence "$warnings")"
  fi
  note unhealthy "$(sentence "$trouble")"
  go_back "$trouble"
}

start_and_wait() {
  [ "${resumed-}" = yes ] && look_at_service
  if [ "${resumed-}" = yes ] && [ "$running" = yes ]; then
    # What was interrupted, or a boot, has started it: no older process is left.
    mark=0
    start_status=0
    centiseconds
    start_ended=$centiseconds
  else
    note start 'Starting the server.'
    log_sizes >"$tx/log_sizes"
    ticks
    mark=$ticks
    ask_to_start
  fi
  note health 'Waiting until the server is well.'
  is_healthy || return 1
  note healthy 'The server is well.'
}

sentence() { [ -z "$1" ] || printf '%s.' "$1"; }

# The process that runs now began with this file: what a later report compares with.
note_started() {
  [ -n "$seen" ] && [ "$seen" != unknown ] || return 0
  [ -f "$real" ] && cp -p "$real" "$work/started.new" && mv -f "$work/started.new" "$work/started.file" &&
    keep "$work/started" "$seen $seen_born $boot"
}

# The new file does not work: the old one again, and the service as it was found.
go_back() {
  went_wrong=$1
  if [ "$ask_base" = "$ask_result" ]; then
    verdict failed "The server did not come back from its restart: $went_wrong."
  fi
  digest_of "$real"
  case $digest in
    "$ask_base" | "$ask_result") ;;
    *) verdict failed "$went_wrong; and the file became $digest meanwhile. It was left as it is." ;;
  esac
  keep "$tx/restoring" "$went_wrong"
  note restore 'Going back to the old file.'
  stop_what_runs ||
    verdict failed "$went_wrong; and the new process did not stop, so the new file is still in place."
  if ! restore_file; then
    digest_of "$real"
    verdict failed "$went_wrong; and the old file could not be put back: the file is $digest."
  fi
  back_up_again restored "$(sentence "$went_wrong")"
}

# A unit between two tries of Restart=on-failure has no process, but must be stopped.
stop_what_runs() {
  look_at_service
  found_pid=$pid
  found_born=$born
  found_group=${control_group-}
  : >"$tx/others"
  if [ "$ask_manager" = systemd ] || [ "$running" = yes ]; then
    ask_to_stop
  fi
  wait_until_gone
}

# From the copy beside the target, else from a backup.
restore_file() {
  digest_of "$real"
  [ "$digest" != "$ask_base" ] || return 0
  [ "$digest" = "$ask_result" ] || return 1 # somebody wrote another file: not ours
  replace_with old "$ask_base" && return 0
  for each in "$work"/backups/*; do
    digest_of "$each"
    [ "$digest" = "$ask_base" ] || continue
    [ -d "$staged" ] || make_staged || return 1
    cd "$staged/old" && staged_is_ours && rm -f "./$name" && copy_of_target "$name" &&
      cat "$each" >"./$name" && flush "./$name" && replace_with old "$ask_base" && return 0
  done
  return 1
}

# Brings the service back up with the file as it is, where it ran; then verdict $1.
# What does not come up with the old file either needs a person.
back_up_again() {
  if [ "$found_running" = yes ]; then
    if ! start_and_wait; then
      verdict failed "$2 The server did not come back: $trouble."
    fi
    note_started
  fi
  verdict "$1" "$2"
}
