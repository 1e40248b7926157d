# shellcheck shell=sh
# Which file a replacement replaces, and where records and staged files lie.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

# Follows $1 as the kernel would: sets real, folder and name, and links to the owners
# of all links on the way. Without links it starts no process.
resolve() {
  rest=$1
  at=
  links=
  hops=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in
      */*) rest=${rest#*/} ;;
      *) rest= ;;
    esac
    case $part in
      '' | .) continue ;;
      ..)
        at=${at%/*}
        continue
        ;;
    esac
    if [ ! -L "$at/$part" ]; then
      at=$at/$part
      continue
    fi
    hops=$((hops + 1))
    [ "$hops" -le 40 ] || return 1
    links="$links $(stat -c %u "$at/$part")"
    target=$(readlink "$at/$part" && echo x) || return 1
    target=${target%"${newline}x"}
    rest=$target/$rest
    case $target in /*) at= ;; esac
  done
  real=$at
  folder=${real%/*}
  name=${real##*/}
  [ -n "$name" ]
}

# Sets real and the rest for the file that the settings call config.
resolve_config() {
  case $ask_manager in
    docker | podman) resolve_in_container "$config" ;;
    *) resolve "$config" ;;
  esac
}

# Whether root, or the target's owner who alone can write the target's folder, made
# every link that led to real. Else whoever made one chooses what we would read and
# replace. Needs file_uid, folder_uid and folder_mode.
links_are_trusted() {
  for link_owner in $links; do
    [ "$link_owner" != 0 ] || continue
    [ "$link_owner" = "$file_uid" ] || return 1
    [ "$folder_uid" = 0 ] || [ "$folder_uid" = "$file_uid" ] || return 1
    # Neither group nor others may write: no 2, 3, 6, 7 in the last two digits.
    case $folder_mode in *[2367] | *[2367]?) return 1 ;; esac
  done
}

# Sets work, the folder of records, leases and backups. As root it lies where the
# mail server's own user can plant nothing; needs uid, real and folder.
work_place() {
  if [ "$uid" != 0 ]; then
    work=$folder/.stalplan
    return 0
  fi
  work_root=${ask_work_root:-${STALPLAN_WORK_ROOT:-/var/lib/stalplan}}
  # Mostly the file is where the controller thinks, who then has said the folder's name.
  if [ "$real" = "$ask_config" ]; then
    work=$work_root/$ask_place
    return 0
  fi
  work=$(printf '%s' "$real" | sha256sum) || return 1
  work=${work%% *}
  while [ ${#work} -gt 16 ]; do work=${work%?}; done
  work=$work_root/$work
}

# Makes work where there is none; refuses one that another user could write.
need_work() {
  mkdir -p "$work/lease" "$work/tx" "$work/backups" 2>/dev/null ||
    refuse failed "no folder can be made at $work"
  work_is_ours || refuse failed "$work belongs to somebody else, or others can write it"
}

# Whether the folders are ours alone; stat does not follow links, which are no folders.
work_is_ours() {
  ours="$uid 700 directory"
  found=$(stat -c '%u %a %F' "$work" "$work/lease" "$work/tx" "$work/backups" 2>/dev/null) &&
    [ "$found" = "$ours$newline$ours$newline$ours$newline$ours" ]
}

# Everything that an act needs to know of places; refuses what can't be acted on.
locate() {
  need stat sha256sum
  who_am_i
  find_config
  [ -n "$config" ] || refuse failed "$config_problem"
  resolve_config || refuse failed "$config leads to no file"
  [ -z "${own_layer-}" ] || refuse failed "$config lies in the container's own layer"
  # A file that is gone has records all the same, and somebody must be able to close them.
  [ -f "$real" ] || [ ! -e "$real" ] || refuse failed "$config is no file"
  work_place
  trust_links || refuse failed "$config is reached through a link that its owner did not make"
}

trust_links() {
  [ -n "$links" ] || return 0
  file_uid=$(stat -c %u "$real") && folder_uid=$(stat -c %u "$folder") &&
    folder_mode=$(stat -c %a "$folder") && links_are_trusted
}

# Sets staged, the folder beside the target that holds the files to rename into its
# place, and up, the way back from its subfolders. Only we can write it, so that what
# lies in it can't be exchanged while we write.
staged_place() {
  if [ "$uid" = 0 ]; then
    staged=$folder/.stalplan-$1-$2
    up=../..
  else
    staged=$work/staged-$1-$2
    up=../../..
  fi
}
