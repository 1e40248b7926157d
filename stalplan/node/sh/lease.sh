# shellcheck shell=sh
# The node's lock: the highest-numbered file in work/lease, and what it says.
#
# The number only grows; it is the fence that every act presents.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# Sets lease_number, 0 where there never was one, and what that lease says.
read_lease() {
  lease_number=0
  for each in "$work"/lease/*; do
    number=${each##*/}
    case $number in '' | *[!0-9]*) continue ;; esac
    [ "$number" -le "$lease_number" ] || lease_number=$number
  done
  lease_run=
  lease_who=
  lease_plan=
  lease_until=0
  lease_state=released
  [ "$lease_number" != 0 ] || return 0
  while read -r key value; do
    case $key in
      run) lease_run=$value ;;
      who) lease_who=$value ;;
      plan) lease_plan=$value ;;
      until) lease_until=$value ;;
      state) lease_state=$value ;;
    esac
  done 2>/dev/null <"$work/lease/$lease_number"
}

put_lease() {
  put lease_number "$lease_number"
  put lease_run "$lease_run"
  put lease_who "$lease_who"
  put lease_plan "$lease_plan"
  put lease_until "$lease_until"
}

# Whether the lease is taken; an expired one still is, until another takes it.
is_held() { [ "$lease_state" = held ]; }

# The lease that the caller presents must be the one that holds, and not be over.
check_fence() {
  read_lease
  now
  is_held && [ "$lease_run" = "$ask_run" ] && [ "$lease_number" = "$ask_fence" ] ||
    refuse lease-lost "${lease_run:-nobody}"
  [ "$now" -lt "$lease_until" ] || refuse lease-expired "$lease_until"
}
