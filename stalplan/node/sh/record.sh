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
