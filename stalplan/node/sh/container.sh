# shellcheck shell=sh
# The mail server in a container, as docker or podman tells of it.
#
# Both answer the same questions in the same templates. What the settings call its file
# is a path in the container; a mount leads from it to the file on this machine.
# shellcheck disable=SC2016,SC2034,SC2086,SC2154 # templates; shared names; words are split

# Quoted by Go, so that every answer is one line, whatever it holds.
# Source: docker and podman, "container inspect --format".
CONTAINER_FACTS='{{printf "status %s\n" .State.Status}}{{printf "pid %d\n" .State.Pid}}
{{printf "exit %d\n" .State.ExitCode}}{{printf "remove %t\n" .HostConfig.AutoRemove}}
{{printf "word %q\n" .Path}}{{range .Args}}{{printf "word %q\n" .}}{{end}}
{{range .Config.Env}}{{printf "env %q\n" .}}{{end}}
{{range .Mounts}}{{printf "type %s\n" .Type}}{{printf "from %q\n" .Source}}
{{printf "to %q\n" .Destination}}{{end}}'

# Runs the engine's program, at most 30 seconds. Rootless podman needs its place, which
# a login without PAM has not set.
engine() {
  if [ -z "${XDG_RUNTIME_DIR-}" ] && [ -d "/run/user/$(id -u)" ]; then
    XDG_RUNTIME_DIR=/run/user/$(id -u)
    export XDG_RUNTIME_DIR
  fi
  limit 30 "$ask_manager" "$@" </dev/null 2>/dev/null 8>&- 9>&-
}

# Sets what look_at_service must, and container_words, _env and _mounts.
look_at_container() {
  control_group=
  container_status=
  container_words=
  container_env=
  container_mounts=
  container_removed=
  if ! command -v "$ask_manager" >/dev/null 2>&1; then
    service_problem="there is no $ask_manager"
    return 0
  fi
  shown=$(engine container inspect --format "$CONTAINER_FACTS" -- "$ask_unit")
  if [ -z "$shown" ]; then
    service_problem="$ask_manager knows no container $ask_unit, or does not answer"
    return 0
  fi
  mount_from=
  set -f
  IFS=$newline
  for line in $shown; do
    value=${line#* }
    case $line in
      'status '*) container_status=$value ;;
      'pid '*) pid=$value ;;
      'exit '*) container_exit=$value ;;
      'remove '*) container_removed=$value ;;
      'word '*) container_words=$container_words$(unquoted "$value")$newline ;;
      'env '*) container_env=$container_env$(unquoted "$value")$newline ;;
      'from '*) mount_from=$(unquoted "$value") ;;
      'to '*) container_mounts="${container_mounts}to $(unquoted "$value")${newline}from $mount_from$newline" ;;
    esac
  done
  unset IFS
  set +f
  judge_container
}

judge_container() {
  case $container_status in
    running | restarting) running=yes ;;
    stopping | removing) ending=yes ;;
    paused)
      running=yes
      service_problem="the container $ask_unit is paused"
      ;;
  esac
  if [ "$container_removed" = true ]; then
    service_problem="the container $ask_unit goes away when it stops (--rm), so it can't be started again"
  elif [ "$running" = yes ] && [ "$pid" != 0 ] && ! born_of "$pid"; then
    # A process that ended this moment is no other machine's.
    case $(engine container inspect --format '{{.State.Pid}}' -- "$ask_unit") in
      "$pid") service_problem="the container $ask_unit runs on another machine, or in a virtual one" ;;
    esac
  fi
  [ "$pid" != 0 ] && born_of "$pid" || pid=
}

# A Go string without its quotes. Escapes but those of quote and backslash stay.
unquoted() {
  text=${1#\"}
  text=${text%\"}
  case $text in
    *\\*) printf '%s' "$text" | sed 's/\\"/"/g; s/\\\\/\\/g' ;;
    *) printf '%s' "$text" ;;
  esac
}

# The words of the server's command line, a line each: of the process where one runs,
# because an entry script may have become the server; else of what the container starts.
server_words() {
  if [ -n "$pid" ]; then
    children=
    read -r children 2>/dev/null <"/proc/$pid/task/$pid/children"
    for each in "$pid" $children; do
      words=$(tr '\0' '\n' 2>/dev/null <"/proc/$each/cmdline")
      case $words in
        *--config* | *-c"$newline"*)
          printf '%s' "$words"
          return
          ;;
      esac
    done
  fi
  printf '%s' "$container_words"
}

# Sets config to the path in the container, where the settings don't name it.
config_in_container() {
  look_at_service
  if [ -n "$service_problem" ] && [ -z "$container_words" ]; then
    config_problem=$service_problem
    return 0
  fi
  config=$(container_values CONFIG_PATH)
  config=${config#CONFIG_PATH=}
  next=no
  set -f
  IFS=$newline
  for word in $([ -n "$config" ] || server_words); do
    case $next$word in
      yes*) config=$word && break ;;
      no--config=*) config=${word#--config=} && break ;;
      no-c | no--config) next=yes ;;
    esac
  done
  unset IFS
  set +f
  case $config in
    /*) ;;
    *)
      config_problem="service.config must name the file: the container $ask_unit does not tell it"
      config=
      ;;
  esac
}

# Prints NAME=VALUE for each of the names $1, as the container sets it.
container_values() {
  printf '%s' "$container_env" | while read -r line; do
    is_wanted "$1" "$line" && printf '%s\n' "$line"
  done
}

# Sets host_path to where $1 lies on this machine, and mounted_at to the mount that
# leads there. Fails where it lies in the container's own layer.
through_mounts() {
  mounted_at=
  host_path=
  mount_source=
  to=
  set -f
  IFS=$newline
  for line in $container_mounts; do
    if [ -z "$to" ]; then
      to=${line#to }
      continue
    fi
    case $1/ in
      "${to%/}"/*)
        # The longest mount point that leads there hides all above it.
        if [ ${#to} -ge ${#mounted_at} ]; then
          mounted_at=$to
          mount_source=${line#from }
          host_path=${mount_source%/}${1#"${to%/}"}
        fi
        ;;
    esac
    to=
  done
  unset IFS
  set +f
  [ -n "$mount_source" ]
}

# Like resolve, for a path in the container: a link below the mount would be followed
# on this machine, where it leads elsewhere. Sets own_layer where no mount leads there.
resolve_in_container() {
  own_layer=
  [ -n "$container_status" ] || look_at_service
  if ! through_mounts "$1"; then
    own_layer=yes
    links=
    real=${pid:+/proc/$pid/root}$1
    folder=${real%/*}
    name=${real##*/}
    [ -n "$pid" ]
    return
  fi
  resolve "$mount_source" || return 1
  [ "$mounted_at" != "$1" ] || return 0
  mounted=$real${1#"${mounted_at%/}"}
  trusted_links=$links
  resolve "$mounted" && [ "$real" = "$mounted" ] || return 1
  links=$trusted_links
}

# Why no replacement on this machine would reach the container, if so.
container_problem() {
  if [ -n "$own_layer" ]; then
    replace_problem="$config lies in the container's own layer; mount its folder from the machine"
  elif [ "$mounted_at" = "$config" ]; then
    replace_problem="$config is mounted into the container as a single file; mount its folder instead"
  elif [ -n "$pid" ] && [ -e "/proc/$pid/root$config" ] &&
    [ "$(stat -L -c '%d %i' "/proc/$pid/root$config" 2>/dev/null)" != "$(stat -c '%d %i' "$real")" ]; then
    replace_problem="the container sees another file than $real"
  else
    return 1
  fi
}

# What the container's program says of its version, asked in the container.
container_version() {
  [ -n "$pid" ] || return 0
  program=$(server_words | head -n 1)
  case $program in */sh | */bash | sh | bash | '') return 0 ;; esac
  limit 10 "$ask_manager" exec "$ask_unit" env -u CONFIG_PATH "$program" --version
}

# Prints the wanted lines that the container wrote to its output since it last ended:
# what its engine calls the start may be a moment after the first line.
container_log() {
  since=$(engine container inspect --format '{{json .State.FinishedAt}}' -- "$ask_unit")
  since=$(unquoted "$since")
  case $since in
    0001-* | '') set -- ;; # it never ended
    *) set -- --since "$since" ;;
  esac
  limit 20 "$ask_manager" logs "$@" "$ask_unit" 2>&1 </dev/null 8>&- 9>&- |
    grep -aE "$WANTED_LINES"
}

# Sets into to what stands before a probe so that it asks from where process $1 is: a
# container has a network of its own unless it was told otherwise.
ask_from() {
  into=
  case $ask_manager in docker | podman) ;; *) return 0 ;; esac
  [ "$uid" = 0 ] && [ -n "$1" ] && command -v nsenter >/dev/null 2>&1 || return 0
  [ "$(readlink "/proc/$1/ns/net")" = "$(readlink /proc/self/ns/net)" ] ||
    into="nsenter -t $1 -n"
}
