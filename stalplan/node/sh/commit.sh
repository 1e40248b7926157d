# shellcheck shell=sh
# Begins a transaction that ends without us, and tells what it does meanwhile.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# The script of the transaction comes on stdin.
commit() {
  locate
  check_fence
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  is_running "$tx" && refuse busy "$ask_run"
  if [ -e "$tx/verdict" ]; then
    forget_step "$ask_step" # it is begun again
  elif [ -e "$tx/begun" ]; then
    refuse unfinished "$ask_step"
  fi
  if [ "$ask_base" != "$ask_result" ]; then
    staged_place "$ask_run" "$ask_step"
    digest_of "$staged/new/$name"
    [ "$digest" = "$ask_result" ] || refuse failed 'the result is not staged'
  fi
  [ -d "$tx" ] || mkdir "$tx" || refuse failed "nothing can be written in $work"
  launch_script
}

# Ends what an interrupted run began; its record tells how far it came.
finish() {
  locate
  check_fence
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  is_running "$tx" && finished
  [ -e "$tx/begun" ] || finished
  [ -e "$tx/verdict" ] && finished
  launch_script
}

launch_script() {
  can_detach || refuse failed "$detach_problem"
  write_order "$tx" "$ask_plan" || refuse failed "nothing can be written in $work"
  rm -f "$tx/script"
  cat >"$tx/script" && digest_of "$tx/script"
  [ "$digest" = "$ask_script" ] || refuse failed 'the script of the transaction came damaged or cut'
  rm -f "$tx/refused"
  keep "$tx/real" "$real" && keep "$tx/launch" "$nonce" && flush "$tx/script" "$tx" "$work/tx" ||
    refuse failed "nothing can be written in $work"
  launch=$nonce
  if ! detach; then # it may have begun all the same
    decide_claim cancelled
    [ "$claim" = begun ] || refuse failed "the transaction could not be detached: $detach_problem"
  fi
  settle_launch
  read -r claim <"$tx/claim.$launch"
  if [ "$claim" != begun ]; then
    why='the transaction did not begin within ten seconds'
    read -r why 2>/dev/null <"$tx/refused"
    refuse failed "$why"
  fi
  # Begun is said once it would survive a power cut.
  waited=0
  until [ -e "$tx/begun" ] || [ -e "$tx/refused" ] || ! is_running "$tx" || [ "$waited" -gt 600 ]; do
    waited=$((waited + 1))
    nap 0.05
  done
  if [ ! -e "$tx/begun" ]; then
    why='the transaction ended before it began anything'
    read -r why 2>/dev/null <"$tx/refused"
    case $why in
      lease-lost*) refuse lease-lost "${why#lease-lost }" ;;
    esac
    refuse failed "$why"
  fi
  finished
}

# Starts the script so that it lives on. KillMode=process: what manager "command"
# starts must not end with the transaction.
detach() {
  shell=$(command -v sh)
  unit=stalplan-${work##*/}-$$-$now
  case $unit in *[!A-Za-z0-9._-]*) unit=stalplan-$$-$now ;; esac
  case $way in
    system) set -- systemd-run ;;
    user) set -- systemd-run --user ;;
    *)
      setsid "$shell" "$tx/script" "$tx" "$launch" \
        </dev/null >/dev/null 2>&1 8>&- 9>&- &
      return 0
      ;;
  esac
  # systemd takes a dollar in an argument for a variable.
  record=$(printf '%s' "$tx" | sed 's/\$/$$/g')
  detach_problem=$("$@" --quiet --collect "--unit=$unit" -p KillMode=process \
    --description="stalplan changes the mail server's settings" \
    "$shell" "$record/script" "$record" "$launch" </dev/null 2>&1)
}

# Prints the transaction's log from its first line, each line behind the nonce, until
# there is a verdict or nobody works on it any more.
follow() {
  locate
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  printf '\n'
  # It begins a moment before its log does.
  while [ ! -e "$tx/log" ] && is_running "$tx"; do nap 0.05; done
  if [ -e "$tx/log" ]; then
    exec 7<"$tx/log"
    lived=yes
    while :; do
      while read -r line <&7; do
        printf '%s event %s\n' "$nonce" "$line"
      done
      [ "$lived" = yes ] || break
      # Once more after the end: the last lines came before it. With the verdict there,
      # the staged files still go.
      if is_running "$tx"; then nap 0.1; else lived=no; fi
    done
  fi
  if [ -e "$tx/begun" ] && [ ! -e "$tx/verdict" ]; then
    now
    printf '%s event %s died The transaction ended without a verdict.\n' "$nonce" "$now"
  fi
  finished
}
