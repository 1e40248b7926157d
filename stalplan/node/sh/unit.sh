# shellcheck shell=sh
# What a systemd unit says of its server: binary, config file, environment.
# shellcheck disable=SC2034,SC2086,SC2154 # shared variables; words are to be split

UNIT_FACTS=,ExecStart,User,Group,Environment,EnvironmentFiles

# Sets config, or config_problem. Looks at the service only where it must.
find_config() {
  config=$ask_config
  config_problem=
  [ -z "$config" ] || return 0
  case $ask_manager in
    docker | podman)
      config_in_container
      return
      ;;
  esac
  if [ "$ask_manager" != systemd ]; then
    config_problem='service.config must name the file: no unit tells it'
    return 0
  fi
  [ -n "${unit_exec-}" ] || look_at_service "$UNIT_FACTS"
  config=$(unit_values CONFIG_PATH)
  config=${config#CONFIG_PATH=}
  [ -n "$config" ] || config_from_command
  case $config in
    /*) ;;
    '') config_problem=${service_problem:-"the unit $ask_unit names no config file"} ;;
    *)
      config_problem="the unit $ask_unit names its file by a path that is not absolute"
      config=
      ;;
  esac
}

# Source: stalwart v0.15.5 crates/common/src/manager/boot.rs: CONFIG_PATH beats all
# flags, else -c PATH, --config PATH or --config=PATH.
config_from_command() {
  words=${unit_exec#*argv\[\]=}
  words=${words%% ; ignore_errors=*}
  next=no
  set -f
  for word in $words; do
    if [ "$next" = yes ]; then
      config=$word
      break
    fi
    case $word in
      --config=*)
        config=${word#--config=}
        break
        ;;
      -c | --config) next=yes ;;
    esac
  done
  set +f
}

# Prints NAME=VALUE for each of the names $1, a later line beating an earlier one, as
# the unit would set it. A value with blanks in Environment= is not shown by systemctl.
unit_values() {
  case $ask_manager in
    docker | podman)
      container_values "$1"
      return
      ;;
  esac
  set -f
  for word in ${unit_environment-}; do
    is_wanted "$1" "$word" && printf '%s\n' "$word"
  done
  set +f
  IFS=$newline
  for line in ${unit_files-}; do
    unset IFS
    for path in ${line%% (ignore_errors=*}; do
      [ -f "$path" ] && [ -r "$path" ] && file_values "$1" "$path"
    done
  done
  unset IFS
}

is_wanted() {
  case " $1 " in *" ${2%%=*} "*) return 0 ;; esac
  return 1
}

file_values() {
  while read -r line || [ -n "$line" ]; do
    is_wanted "$1" "$line" || continue
    value=${line#*=}
    case $value in
      \"*\")
        value=${value#\"}
        value=${value%\"}
        ;;
      \'*\')
        value=${value#\'}
        value=${value%\'}
        ;;
    esac
    printf '%s=%s\n' "${line%%=*}" "$value"
  done <"$2"
}

# Prints what the installed binary says of its version. As the server's own user where
# it has one: the binary may be his, and what he owns is not run as root.
server_version() {
  case $ask_manager in
    systemd) ;;
    docker | podman)
      container_version
      return
      ;;
    *)
      run_version limit 5
      return
      ;;
  esac
  binary=${unit_exec#*path=}
  binary=${binary%% ;*}
  case $binary in /*) ;; *) return ;; esac
  case $uid:${unit_user-} in
    0: | 0:root | 0:0) limit 5 "$binary" --version ;;
    0:*)
      unit_gid=${unit_group:-$(id -g "$unit_user")}
      # shellcheck disable=SC2016 # the shell of su expands it
      limit 5 setpriv "--reuid=$unit_user" "--regid=$unit_gid" --clear-groups \
        "$binary" --version ||
        limit 5 runuser -u "$unit_user" -- "$binary" --version ||
        limit 5 su -s /bin/sh -c 'exec "$0" --version' "$unit_user" "$binary"
      ;;
    *) limit 5 "$binary" --version ;;
  esac
}

# Whether the server's own user surely can't read the file; facts as in file_facts.
# Root reads everything, and so may a user with capabilities or an ACL: then no claim.
unreadable_by_service() {
  [ "$ask_manager" = systemd ] && [ -n "${unit_user-}" ] || return 1
  # Mostly the file is its own; that costs no look at users.
  case $facts in *"|$unit_user:"*) [ $((0$file_mode & 0400)) = 0 ] || return 1 ;; esac
  service_uid=$(id -u "$unit_user" 2>/dev/null) && [ "$service_uid" != 0 ] || return 1
  may=$((0$file_mode & 4))
  for gid in $(id -G "$unit_user" 2>/dev/null) "$(group_id "${unit_group-}")"; do
    [ "$gid" != "$file_gid" ] || may=$((0$file_mode & 040))
  done
  [ "$service_uid" != "$file_uid" ] || may=$((0$file_mode & 0400))
  [ "$may" = 0 ] || return 1
  # ls marks an ACL with a plus, a label with a dot.
  case $(ls -ld "$real" 2>/dev/null) in ??????????+*) return 1 ;; esac
}

group_id() {
  [ -n "$1" ] || return 0
  line=$(grep "^$1:" /etc/group) || return 0
  line=${line#*:*:}
  printf '%s' "${line%%:*}"
}
