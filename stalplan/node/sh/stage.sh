# shellcheck shell=sh
# Lays a result file beside the config: flushed, checked, with the owner it must have.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# The bytes come on stdin, to its end. On any refusal nothing of ours is left.
stage() {
  locate
  check_fence
  file_facts || refuse failed "$real can't be looked at"
  look_closely=yes
  look_at_folder
  [ -z "$replace_problem" ] || refuse failed "$replace_problem"
  need_base
  tx=$work/tx/$ask_run@$ask_step
  settle_launch
  need_fresh_step
  begin_record
  if [ "$ask_base" = "$ask_result" ]; then finished; fi # nothing to write
  make_staged || stage_failed 'the staged file could not be made; is the disk full?'
  cd "$staged/new" || stage_failed "$staged went away"
  copy_of_target "$name" || stage_failed "$real could not be copied with its owner"
  cat >"./$name" 2>/dev/null || stage_failed 'the staged file could not be written; is the disk full?'
  flush "./$name"
  digest_of "./$name"
  [ "$digest" = "$ask_result" ] || stage_failed 'the staged bytes came damaged or cut'
  has_same_owner "./$name" ||
    stage_failed 'a copy would lose the owner, the mode, an ACL or a label of the file'
  flush . .. "$folder"
  finished
}

# The base is what the file holds, or what an earlier step of this run will make of it.
need_base() {
  digest_of "$real"
  [ "$digest" != "$ask_base" ] || return 0
  for each in "$work"/tx/"$ask_run"@*/; do
    read_order "${each%/}"
    [ "$order_step" != "$ask_step" ] && [ "$order_result" = "$ask_base" ] && return 0
  done
  refuse stale "$digest"
}

# A step that is over may be begun again, one that has no verdict may not.
need_fresh_step() {
  is_running "$tx" && refuse busy "$ask_run"
  if [ -e "$tx/begun" ] && [ ! -e "$tx/verdict" ]; then
    refuse unfinished "$ask_step"
  fi
  forget_step "$ask_step"
}

# A plan has no digest before it is made; the lease knows no more than we were told.
begin_record() {
  mkdir "$tx" && write_order "$tx" "$lease_plan" && flush "$work/tx" ||
    stage_failed "nothing can be written in $work"
}

# mkdir fails where anything has the name, so what we enter is what we made.
make_staged() {
  staged_place "$ask_run" "$ask_step"
  mkdir -m 700 "$staged" && cd "$staged" && staged_is_ours && [ -z "$(ls -A)" ] &&
    mkdir new old
} 2>/dev/null

# Whether the folder we are in is the one we made: its owner could not be forged by the
# owner of the folder above, who may move it about.
staged_is_ours() { [ "$(stat -c '%u %a' .)" = "$uid 700" ]; }

stage_failed() {
  cd /
  forget_step "$ask_step"
  refuse failed "$1"
}
