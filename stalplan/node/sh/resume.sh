# shellcheck shell=sh
# Ends a transaction that was cut off: by a power cut, a kill, a full disk.
#
# What the file holds decides, together with what the record says was begun.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

go_on() {
  note resume 'Going on with an interrupted transaction.'
  now
  resumed=yes
  read_found
  digest_of "$real"
  case $digest in
    "$ask_base") ;;
    "$ask_result") came_to_result ;;
    *) verdict failed "The file is $digest, neither the base $ask_base nor the result $ask_result. Nothing was touched." ;;
  esac
  came_no_further
}

# How the service was found before the stop, and what its probes said then.
read_found() {
  found_running=no
  found_pid=
  found_born=
  found_group=
  base_sockets=fresh
  base_ready=fresh
  base_greeting=fresh
  base_keys=
  found_boot=
  while read -r key value; do
    case $key in
      boot) found_boot=$value ;;
      running) found_running=$value ;;
      pid) found_pid=$value ;;
      born) found_born=$value ;;
      group) found_group=$value ;;
      sockets) base_sockets=$value ;;
      ready) base_ready=$value ;;
      greeting) base_greeting=$value ;;
      keys) base_keys=$value ;;
    esac
  done <"$tx/found"
  # After a boot a number means another process, even one as old.
  [ "$found_boot" = "$boot" ] || found_pid=
}

# The file is the base. A stop that was asked for may still be at work: it is led to
# its end first, so that the old process does not go once we have looked.
came_no_further() {
  if [ "$ask_base" = "$ask_result" ] && [ "$ask_undo" != yes ] && [ -e "$tx/stopping" ]; then
    restart_again
    return
  fi
  if [ "$found_running" = yes ] && [ -e "$tx/stopping" ]; then
    settle_stop || not_stopped
  fi
  went_wrong=$(cat "$tx/restoring" 2>/dev/null)
  back_as_found "$(sentence "${went_wrong:-It was interrupted before the file was replaced}")"
}

# Restart only: what was begun is done once more, unless it has been done.
restart_again() {
  if settle_stop; then start_new; else not_stopped; fi
}

# The process that was found goes, or is gone already; what runs since stays.
settle_stop() {
  if tells_no_pid && [ "$found_boot" = "$boot" ]; then
    stop_old
    return
  fi
  if [ -n "$found_pid" ] && born_of "$found_pid" && [ "$born" = "$found_born" ]; then
    note stop 'Stopping the server.'
    stop_old
    return
  fi
  look_at_service
  [ "$ending" = no ] || wait_until_gone
}

# The service as it was found, with the base in place.
back_as_found() {
  if [ "$found_running" = yes ]; then
    back_up_again restored "$1"
  fi
  verdict restored "$1"
}

# The file is the result: forward, unless told to go back or already on the way back.
came_to_result() {
  if [ "$ask_undo" = yes ] || [ -e "$tx/restoring" ]; then
    went_wrong=$(cat "$tx/restoring" 2>/dev/null)
    go_back "${went_wrong:-It was undone}"
  fi
  if [ "$found_running" = yes ] || [ "$ask_start_stopped" = yes ]; then
    look_at_service
    if [ "$running" = yes ] && ! began_after_replacement; then
      note stop 'Stopping the server, which began before the file was replaced.'
      stop_what_runs || not_stopped
    fi
  fi
  start_new
}

# Whether the running process read the new file: it began after the rename, which is
# the file's ctime. In doubt it did not, and is started once more.
began_after_replacement() {
  [ -n "$pid" ] || return 1
  file_changed=$(stat -c %Z "$real")
  ticks
  now
  [ $((now - (ticks - born) / 100)) -gt $((file_changed + 1)) ]
}
