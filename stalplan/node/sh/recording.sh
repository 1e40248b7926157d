# shellcheck shell=sh
# How a record is written, settled and removed.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

write_order() {
  keep "$1/order" "run $ask_run
step $ask_step
plan $2
base $ask_base
result $ask_result
remaining $ask_remaining"
}

# The record of one step; a launch that has not begun yet is waited for.
one_transaction() {
  locate
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  digest_of "$real"
  put_transaction "$tx"
  finished
}

# On return no launch of tx can begin any more unless it has: its claim is decided.
# A launch that does not begin within ten seconds is called off.
settle_launch() {
  launch=
  read -r launch 2>/dev/null <"$tx/launch" || return 0
  waited=0
  while [ ! -e "$tx/claim.$launch" ]; do
    waited=$((waited + 1))
    if [ "$waited" -gt 100 ]; then
      decide_claim cancelled
      return 0
    fi
    nap 0.1
  done
}

# Links the claim of launch in tx to the word $1, or finds it decided: sets claim.
decide_claim() {
  printf '%s\n' "$1" >"$tx/.claim.$$"
  ln "$tx/.claim.$$" "$tx/claim.$launch" 2>/dev/null
  rm -f "$tx/.claim.$$"
  claim=
  read -r claim 2>/dev/null <"$tx/claim.$launch"
}

# The bytes of the backup whose digest is asked for, if there is one.
backup() {
  locate
  for each in "$work"/backups/*; do
    digest_of "$each"
    [ "$digest" = "$ask_result" ] || continue
    field backup
    cat "$each"
    break
  done
  finished
}

# Closes a step that a person has looked at: its record and its staged files go.
forget() {
  locate
  check_fence
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  is_running "$tx" && refuse busy "$ask_run"
  forget_step "$ask_step" || refuse failed "$staged can't be removed"
  flush "$work/tx"
  finished
}

# The run's staged files, and its records that are over or never began.
clean() {
  locate
  read_lease
  is_held && [ "$lease_run" = "$ask_run" ] && [ "$lease_number" = "$ask_fence" ] ||
    refuse lease-lost "${lease_run:-nobody}"
  left=
  for tx in "$work"/tx/"$ask_run"@*/; do
    tx=${tx%/}
    [ -d "$tx" ] || continue
    settle_launch
    is_running "$tx" && continue
    if [ -e "$tx/begun" ] && [ ! -e "$tx/verdict" ]; then continue; fi
    forget_step "${tx##*@}" || left=$staged
  done
  # Half a backup of a transaction that was killed; none is at work under our lease.
  [ -n "$(running_transaction)" ] || rm -f "$work"/backups/*.new "$work"/*.new
  flush "$work/tx"
  [ -z "$left" ] || refuse failed "$left can't be removed"
  finished
}

# Removes staged files before the record that leads to them, which stays as long as
# they do.
forget_step() {
  staged_place "$ask_run" "$1"
  rm -rf "$staged" 2>/dev/null
  [ ! -e "$staged" ] && rm -rf "$work/tx/$ask_run@$1"
}
