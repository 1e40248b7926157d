# shellcheck shell=sh
# Whether the file's folder can take a replacement that keeps what the file has.
# shellcheck disable=SC2015,SC2034,SC2154 # refuse is for both of a && b; shared names

FILE_FACTS='%u %g %a %h %s %i %d %Y %Z|%z|%U:%G'

# Sets facts, and its first fields, of the file real. Two equal facts: nothing changed.
file_facts() {
  facts=$(stat -c "$FILE_FACTS" "$real" 2>/dev/null) || return 1
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
  elif is_mounted; then
    replace_problem="$real is a mount of its own; only the folder's mount can be replaced in"
  elif [ ! -w "$folder" ] || [ ! -x "$folder" ]; then
    replace_problem="$folder can't be written by $(id -un), or lies on a read-only file system"
  elif [ "$uid" != 0 ] && [ "$uid" != "$file_uid" ]; then
    replace_problem="$real belongs to another user, which only root can keep"
  elif is_immutable; then
    replace_problem="$real or its folder is marked as immutable or append-only"
  else
    look_at_disk
  fi
}

is_in_container() { [ "$ask_manager" = docker ] || [ "$ask_manager" = podman ]; }

# The kernel writes blanks in mount points as \040, tabs as \011, backslashes as \134.
is_mounted() {
  case $real in
    *[\\\ ]*) point=$(printf '%s' "$real" | sed 's/\\/\\134/g; s/ /\\040/g') ;;
    *) point=$real ;;
  esac
  grep -qF " $point " /proc/self/mountinfo 2>/dev/null
}

is_immutable() {
  command -v lsattr >/dev/null 2>&1 || return 1
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

# Room for the result, a copy to go back to, and some blocks for folders. To root,
# busybox calls everything writable, so the mount is asked as well.
look_at_disk() {
  disk=$(df -Pk "$folder" 2>/dev/null) || return 0
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${disk##*"$newline"}
  [ $# -ge 6 ] || return 0
  mounts=$(grep -F " $6 " /proc/mounts 2>/dev/null)
  case ${mounts##*"$newline"} in
    *' ro,'* | *' ro '*)
      replace_problem="$folder lies on a read-only file system"
      return 0
      ;;
  esac
  case $4 in *[!0-9]*) return 0 ;; esac
  [ "$4" -ge $((file_size / 512 + 16)) ] ||
    replace_problem="$folder has no room for two copies of the file"
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
