# shellcheck shell=sh
# What this node has written down of transactions: one folder per run and step.
#
#   order        what was asked, one "KEY VALUE" a line; there since staging
#   launch       nonce of the launch that may still begin
#   claim.NONCE  begun or cancelled: whoever links it first decides about that launch
#   begun        when it began; from here on it ends by itself
#   found        how the service was found; then stopping, restoring: what it set about
#   pid.PID      process that carries it out: PID, start and boot
#   log          one act a line: seconds, act, text
#   verdict      how it ended: a word, then a line of detail. Final
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# Whether a live process works on the record in folder $1.
is_running() {
  for each in "$1"/pid.*; do
    pid_line=
    read -r pid_line 2>/dev/null <"$each"
    if lives "$pid_line"; then return 0; fi
  done
  return 1
}

# Prints the run whose transaction runs here, if one does.
running_transaction() {
  for tx in "$work"/tx/*/; do
    tx=${tx%/}
    [ "$tx" != "${not_this_tx-}" ] && is_running "$tx" || continue
    read_order "$tx"
    printf '%s' "$order_run"
    return 0
  done
}

# Sets order_run, order_step and the rest from the record in folder $1; fails where it has none.
read_order() {
  order_run=
  order_step=
  order_plan=
  order_base=
  order_result=
  order_remaining=
  while read -r key value; do
    case $key in
      run) order_run=$value ;;
      step) order_step=$value ;;
      plan) order_plan=$value ;;
      base) order_base=$value ;;
      result) order_result=$value ;;
      remaining) order_remaining=$value ;;
    esac
  done 2>/dev/null <"$1/order"
  [ -n "$order_result" ]
}

write_order() {
  keep "$1/order" "run $ask_run
step $ask_step
plan $2
base $ask_base
result $ask_result
remaining $ask_remaining"
}

# The record in folder $1 as part of an answer; needs digest of the file as it is.
put_transaction() {
  read_order "$1" || return 0
  put transaction "$order_run"
  put step "$order_step"
  put plan "$order_plan"
  put base "$order_base"
  put result "$order_result"
  put remaining "$order_remaining"
  put file_digest "$digest"
  if is_running "$1"; then put running yes; fi
  if [ -e "$1/begun" ]; then
    read -r began <"$1/begun"
    put began_at "$began"
  fi
  if [ -e "$1/verdict" ]; then
    field verdict
    cat "$1/verdict"
  elif [ -e "$1/refused" ]; then
    field why
    cat "$1/refused"
  fi
}

put_transactions() {
  for tx in "$work"/tx/*/; do
    [ -e "$tx/order" ] || continue
    [ -n "${digest-}" ] || digest_of "$real"
    put_transaction "${tx%/}"
  done
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
