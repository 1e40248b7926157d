# shellcheck shell=sh
# Whether the file's folder can take a replacement that keeps what the file has.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

FILE_FACTS='%u %g %a %h %s %i %d %Y %Z|%z|%U:%G'

# Sets facts, and its first fields, of the file real, and fails where it can't be seen.
# Two equal facts: nothing changed. Besides, of the process that looked: ticks, its start,
# and moment, facts of its own entry in /proc, which tell by the clock that files go by
# when that entry was made, and uid, who we are.
# Source: Linux fs/proc/base.c, proc_pid_make_inode.
file_facts() {
  looked=$(
    born_of self
    echo "$born"
    exec stat -c "$FILE_FACTS" /proc/self/ "$real" 2>/dev/null
  )
  ticks=${looked%%"$newline"*}
  looked=${looked#*"$newline"}
  moment=${looked%%"$newline"*}
  uid=${moment%% *}
  facts=${looked#"$moment"}
  facts=${facts#"$newline"}
  [ -n "$facts" ] || return 1
  # shellcheck disable=SC2086 # the fields are to be split
  set -- $facts
  file_uid=$1
  file_gid=$2
  file_mode=$3
  file_size=$5
}

# Sets replace_problem to why no replacement can work, or to nothing.
look_at_folder() {
  replace_problem=
  if is_in_container && container_problem; then
    return 0
  fi
  look_at_mounts
  if [ "$own_mount" = yes ]; then
    replace_problem="$real is a mount of its own; only the folder's mount can be replaced in"
  elif is_marked; then
    replace_problem="$real or its folder is marked as immutable or append-only"
  elif [ ! -w "$folder" ] || [ ! -x "$folder" ] || [ "$read_only" = yes ]; then
    replace_problem="$folder can't be written by $(id -un), or lies on a read-only file system"
  elif [ "$uid" != 0 ] && [ "$uid" != "$file_uid" ]; then
    replace_problem="$real belongs to another user, which only root can keep"
  elif ! has_room; then
    replace_problem="$folder has no room for two copies of the file"
  fi
}

# Sets room, the free KiB beside the file; own_mount, whether the file is a mount; and
# read_only, whether the folder's mount is, where this is not seen otherwise.
look_at_mounts() {
  disk=$(df -Pk "$folder" 2>/dev/null)
  set -f
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${disk##*"$newline"}
  [ $# -ge 6 ] || set -- - - - - - /
  room=$4
  shift 5
  set +f
  own_mount=no
  read_only=no
  if asks_kernel && is_in_folders_mount; then return 0; fi
  set -f
  as_mount "$*"
  folder_point=$point
  as_mount "$real"
  mounts=$(grep -F -e " $point " -e " $folder_point " /proc/self/mountinfo 2>/dev/null)
  IFS=$newline
  # shellcheck disable=SC2086 # the fields are to be split
  for line in $mounts; do
    unset IFS
    set -- $line
    case $5 in
      "$point") own_mount=yes ;;
      "$folder_point")
        # Its own options, and last on the line those of the file system.
        case ,$6,${line##* }, in *,ro,*) read_only=yes ;; *) read_only=no ;; esac
        ;;
    esac
  done
  unset IFS
  set +f
}

# Whether the file surely lies in the mount in which its folder lies.
is_in_folders_mount() {
  mount_of "$real" && file_mount=$mount && mount_of "$folder" && [ "$mount" = "$file_mount" ]
}

# Sets mount to the number of the mount that $1 was opened in; no process is started.
# Fails where $1 can't be opened, or the kernel is older than 3.15.
mount_of() {
  mount=
  while read -r key value; do
    [ "$key" != mnt_id: ] || mount=$value
  done </proc/self/fdinfo/7
  [ -n "$mount" ]
} 2>/dev/null 7<"$1"

# Sets point to the path $1 as the kernel writes it: blanks as \040, backslashes as \134.
as_mount() {
  point=$1
  case $1 in
    *[\\\ ]*) point=$(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g') ;;
  esac
}

# What is marked, nobody may write: mostly the kernel's word is enough, and saves a
# process. Before we write we look closely, for a folder that can only be added to.
is_marked() {
  command -v lsattr >/dev/null 2>&1 || return 1
  [ -z "${look_closely-}" ] && asks_kernel && [ -w "$real" ] && [ -w "$folder" ] && return 1
  set -f
  for flags in $(lsattr -d "$real" "$folder" 2>/dev/null); do
    # Each line has flags, then a path, which begins with a slash.
    case $flags in
      /*) ;;
      *[ia]*)
        set +f
        return 0
        ;;
    esac
  done
  set +f
  return 1
}

# Whether this shell asks the kernel what may be written; others go by mode and owner.
# This one nobody may write, whoever he is.
asks_kernel() { [ ! -w /proc/sys/kernel/random/boot_id ]; }

# Room for the result, a copy to go back to, and some blocks for folders.
has_room() {
  case $room in '' | *[!0-9]*) return 0 ;; esac
  [ "$room" -ge $((file_size / 512 + 16)) ]
}

# Makes $1 a file with all that the target has but its bytes: owner, group, mode, ACL,
# label. Runs inside a folder that only we can write; the target's folder is not one,
# so what came is looked at before anything is written through it.
copy_of_target() {
  cp -a "$up/$name" "$1" 2>/dev/null || cp -p "$up/$name" "$1" 2>/dev/null || return 1
  [ -f "$1" ] && [ ! -L "$1" ]
}

# Whether the copy $1 has what the target has. ls shows an ACL as a plus; stat shows a
# label where the kernel has labels.
has_same_owner() {
  [ "$(outside "$1")" = "$(outside "$up/$name")" ]
}

outside() {
  stat -c '%u %g %a %C' "$1" 2>/dev/null
  listed=$(ls -ld "$1" 2>/dev/null)
  printf '%s' "${listed%% *}"
  command -v getfattr >/dev/null 2>&1 && getfattr -d -m - --absolute-names "$1" 2>/dev/null |
    grep -v '^# file:'
}
