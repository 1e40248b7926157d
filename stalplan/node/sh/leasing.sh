# shellcheck shell=sh
# How a node is taken, kept and let go.
#
# A lease is made whole under another name and then linked to its number: link(2) lets
# exactly one of many askers have a number, and nobody ever sees half a lease.
# Releasing leaves the file, so that a number is not handed out again.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# One asker at a time where flock exists, and none while a transaction holds it.
# Without flock the links and the look for live transactions decide alone.
lock_or_refuse() {
  command -v flock >/dev/null 2>&1 || return 0
  exec 9>>"$work/lock"
  flock -w 5 9 && return 0
  busy=$(running_transaction)
  [ -n "$busy" ] || refuse crowded ''
  refuse busy "$busy"
}

take_lease() {
  locate
  need_work
  lock_or_refuse
  for try in 1 2 3 4 5 6 7 8 9 10; do
    read_lease
    now
    if is_held && [ "$now" -lt "$lease_until" ] && [ "$lease_run" != "$ask_run" ] &&
      [ "$lease_run" != "$ask_take_over" ]; then
      put_lease
      refuse held "$lease_until"
    fi
    busy=$(running_transaction)
    [ -z "$busy" ] || refuse busy "$busy"
    if link_lease; then
      put_lease
      finished
    fi
  done
  refuse failed "no lease could be written in $work"
}

# Takes the next number. Whoever finds a higher one afterwards, or a transaction that
# began meanwhile, has lost: a transaction shows itself before it reads the lease.
link_lease() {
  mine=$((lease_number + 1))
  draft=$work/lease/.$nonce
  lease_text "$ask_run" "$ask_who" "$ask_plan" "$((now + ask_seconds))" held >"$draft" &&
    flush "$draft" || refuse failed "nothing can be written in $work"
  linked=no
  # Not where mine is a folder: ln would put the link into it.
  [ ! -d "$work/lease/$mine" ] && ln "$draft" "$work/lease/$mine" 2>/dev/null && linked=yes
  rm -f "$draft"
  [ "$linked" = yes ] || return 1
  read_lease
  [ "$lease_number" = "$mine" ] && [ "$lease_run" = "$ask_run" ] || return 1
  busy=$(running_transaction)
  if [ -n "$busy" ]; then
    rm -f "$work/lease/$mine"
    refuse busy "$busy"
  fi
  flush "$work/lease"
  for each in "$work"/lease/*; do
    [ "${each##*/}" -ge "$mine" ] || rm -f "$each"
  done
}

lease_text() {
  printf 'run %s\nwho %s\nplan %s\nuntil %s\nstate %s\n' "$1" "$2" "$3" "$4" "$5"
}

# Writes the lease of our own number anew; a later number makes it meaningless.
rewrite_lease() {
  lease_text "$lease_run" "$lease_who" "$lease_plan" "$1" "$2" >"$work/lease/.$nonce" &&
    flush "$work/lease/.$nonce" &&
    mv -f "$work/lease/.$nonce" "$work/lease/$lease_number" && flush "$work/lease"
}

renew_lease() {
  locate
  check_fence
  rewrite_lease "$((now + ask_seconds))" held ||
    refuse failed "the lease can't be written in $work"
  check_fence
  put_lease
  finished
}

release_lease() {
  locate
  read_lease
  if is_held && [ "$lease_run" = "$ask_run" ] && [ "$lease_number" = "$ask_fence" ]; then
    rewrite_lease "$lease_until" released ||
      refuse failed "the lease can't be written in $work"
  fi
  finished
}

break_lease() {
  locate
  read_lease
  if is_held && [ "$lease_run" = "$ask_run" ]; then
    rewrite_lease "$lease_until" released ||
      refuse failed "the lease can't be written in $work"
    put broken yes
  else
    put broken no
  fi
  finished
}
