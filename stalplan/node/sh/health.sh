# shellcheck shell=sh
# Whether the server is well: the probes in order, and what each answer means.
#
# Source: running stalwart v0.15.5. Ready says 200 with a broken id, coordinator or
# role; an old process that lingers answers for the new one; a process that could not
# read its file ends with status 0. So no single probe is enough.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# What each probe says of the server as it was found: ok; bad or unmade, then it is not
# required afterwards; fresh where there was no server to ask.
baseline() {
  base_sockets=fresh
  base_ready=fresh
  base_greeting=fresh
  base_keys=
  # A unit between two tries of Restart=on-failure has no process to ask either.
  [ "$found_running" = yes ] || return 0
  [ -n "$found_pid" ] || tells_no_pid || return 0
  if is_in_container; then ask_from "$found_pid"; fi
  base_sockets=unmade
  if [ -n "$found_pid" ] && may_look_into "$found_pid"; then
    base_sockets=ok
    unowned=$(unowned_listeners "$found_pid" "$ask_listeners")
    [ -z "$unowned" ] || base_sockets=bad
  fi
  base_ready=unmade
  if [ -n "$ask_url" ] && has_http; then
    base_ready=ok
    answers_200 "$ask_url" || base_ready=bad
  fi
  base_greeting=unmade
  if [ -n "$ask_smtp" ] && [ -n "$ask_hostname_before" ] && has_talk; then
    base_greeting=ok
    greets_as "$ask_hostname_before" || base_greeting=bad
  fi
  base_keys=$(log_from_start "$found_pid" "$(started_iso)" | keys_with_errors | tr '\n' ' ')
  # shellcheck disable=SC2086,SC2116 # one line of words
  [ "$base_sockets" != bad ] || excuse "the server did not own $(echo $unowned)"
  [ "$base_ready" != bad ] || excuse "$ask_url did not answer 200"
  [ "$base_greeting" != bad ] || excuse "the SMTP greeting did not name $ask_hostname_before"
  [ -z "$base_keys" ] || excuse "the log showed errors of ${base_keys% }"
}

excuse() { note baseline "Before the stop $1; it is not required afterwards."; }

# When the process found began, as its log writes times: up to two seconds early, since
# both clocks leave out parts of a second and the log's first line must not be missed.
started_iso() {
  [ -n "$found_born" ] || return 0
  now
  ticks
  date -u -d "@$((now - (ticks - found_born) / 100 - 1))" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null
}

# Waits until the server that was asked to start at mark is well, at most
# ask_health_timeout seconds, and then for as long as it must live; a process that died
# ends the wait at once. Sets trouble where it is not, and warnings where it is.
is_healthy() {
  seen=
  well_at=
  trouble=
  warnings=
  owned=no
  asked=0
  centiseconds
  begun_at=$centiseconds
  until is_well; do
    [ -z "$dead" ] || return 1
    centiseconds
    if [ "$centiseconds" -gt $((begun_at + ask_health_timeout * 100 + ask_steady)) ]; then
      trouble="after $ask_health_timeout s $trouble"
      return 1
    fi
    nap 0.1
  done
  new_keys=$(new_errors)
  if [ -n "$new_keys" ]; then
    trouble="the log shows errors of ${new_keys% }"
    return 1
  fi
  look_for_warnings
  # A server that ended meanwhile greets nobody: that is no warning.
  is_alive
}

# One round of the probes; sets trouble to the first that fails, dead where waiting is
# in vain. Its life counts from the first moment at which it was well, not from its
# start: on a busy machine it may only just have come so far.
is_well() {
  dead=
  look_at_start
  is_alive || return 1
  if [ "$owned" != yes ] && requires "$base_sockets" && [ -n "$ask_listeners" ] &&
    [ "$seen" != unknown ] && may_look_into "$seen"; then
    unowned=$(unowned_listeners "$seen" "$ask_listeners")
    # shellcheck disable=SC2086,SC2116 # one line of words
    trouble="the server does not own $(echo $unowned)"
    [ -z "$unowned" ] || return 1
    owned=yes
  fi
  if requires "$base_ready" && [ -n "$ask_url" ] && [ "$asked" != yes ] && has_http; then
    trouble="$ask_url did not answer 200"
    is_ready || return 1
    asked=yes
  fi
  trouble='the server has not lived long enough'
  centiseconds
  well_at=${well_at:-$centiseconds}
  [ "$centiseconds" -ge $((well_at + ask_steady)) ]
}

requires() { [ "$1" = ok ] || [ "$1" = fresh ]; }

# At most once a second: the server counts these requests.
is_ready() {
  centiseconds
  [ "$centiseconds" -ge $((asked + 100)) ] || return 1
  asked=$centiseconds
  answers_200 "$ask_url"
}

# Whether the process that our start brought up lives. Sets seen to its id, or to
# unknown where nothing tells ids.
is_alive() {
  if [ -n "$seen" ] && [ "$seen" != unknown ]; then
    born_of "$seen" && [ "$born" = "$seen_born" ] && return 0
    it_died "the server's process ended$(how_it_ended)"
    return 1
  fi
  look_at_service
  if [ "$running" = yes ] && [ -z "$pid" ] && tells_no_pid; then
    note_seen unknown ''
    return 0
  fi
  if [ "$running" = yes ] && [ -n "$pid" ] && [ "$born" -ge "$mark" ]; then
    note_seen "$pid" "$born"
    return 0
  fi
  trouble='the server did not start'
  [ -n "$start_status" ] || return 1
  if [ "$ask_manager" = systemd ]; then
    case $state.$sub_state in
      inactive.* | failed.* | activating.auto-restart*)
        it_died "the server did not start: it ended$(how_it_ended)"
        ;;
    esac
    return 1
  fi
  if is_in_container; then
    case $container_status in
      exited | stopped | dead | restarting)
        it_died "the server did not start: it ended$(how_it_ended)"
        return 1
        ;;
    esac
  fi
  # A daemon may write its process id a moment after its start returned.
  centiseconds
  [ "$centiseconds" -lt $((start_ended + 200)) ] ||
    it_died "the server did not start: it is not active after start ended with $start_status"
  return 1
}

tells_no_pid() { [ "$ask_manager" = command ] && ! command -v run_pid >/dev/null; }

note_seen() {
  seen=$1
  seen_born=$2
  if is_in_container; then ask_from "$seen"; fi
}

it_died() {
  dead=yes
  trouble=$1
}

# Follows "ended"; nothing where nobody tells.
how_it_ended() {
  case $ask_manager in
    systemd) ended=$(systemctl show -p ExecMainStatus -- "$ask_unit" 2>/dev/null) ;;
    docker | podman)
      look_at_service
      ended=status=$container_exit
      ;;
    *) return 0 ;;
  esac
  case $ended in
    *=0) printf ' with status 0, as when it cannot read its config file' ;;
    *) printf ' with status %s' "${ended#*=}" ;;
  esac
}

# Managed keys whose errors the log shows since the start and did not show before.
new_errors() {
  [ "$seen" != unknown ] && log_pid=$seen || log_pid=
  log_since "$tx/log_sizes" "$log_pid" | keys_with_errors | while read -r key; do
    case " $base_keys" in
      *" $key "*) ;;
      *) printf '%s ' "$key" ;;
    esac
  done
}

# What does not undo a change but ends the run: nobody hears this node, or it greets
# by another name.
look_for_warnings() {
  if [ "$ask_coordinated" = yes ]; then
    lines=$(log_since "$tx/log_sizes" "$log_pid")
    case $lines in
      *server.startup*) look_for_pubsub ;;
      # A log that we can't find, or that leaves out INFO lines, tells nothing.
      *) note coordinator 'No log tells whether the server reached its coordinator.' ;;
    esac
  fi
  if requires "$base_greeting" && [ -n "$ask_smtp" ] && [ -n "$ask_hostname" ] && has_talk; then
    greets_as "$ask_hostname" || warn "the SMTP greeting does not name $ask_hostname"
  fi
}

# A server that says nothing in time, on a busy machine, is asked again.
greets_as() {
  for pause in 0 0.5 0.5; do
    [ "$pause" = 0 ] || nap "$pause"
    case $(first_words "$ask_smtp") in
      "220 $1" | "220 $1 "*) return 0 ;;
      ?*) return 1 ;;
    esac
  done
  return 1
}

look_for_pubsub() {
  for word in publisher subscriber; do
    case $lines in
      *"cluster.$word-start"*) ;;
      *) warn "the log does not say that the coordinator's $word started" ;;
    esac
  done
}

warn() { warnings=${warnings:+$warnings; }$1; }
