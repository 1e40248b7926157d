# shellcheck shell=sh
# A mail server's service on a node without systemd, as an administrator writes one.
#
# Called with start, stop, active, pid or version; begins with two settings that its
# node wrote above: home, a folder, and server, a function that becomes the server.
# The pid file holds the process id and the process's start in clock ticks since
# boot, so that a number used again by a stranger counts as dead.
set -u
: "${home:?}"

# Field 22 of stat is the start, field 3 the state; the name before may hold blanks.
born() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086 # the fields are to be split
  set -- ${stat##*) }
  [ "$1" != Z ] || return 1
  shift 19
  echo "$1"
}

running() {
  [ -e "$home/pid" ] || return 1
  read -r pid start <"$home/pid"
  # A server that was gone before its start could be read has none.
  [ -n "$start" ] && [ "$(born "$pid")" = "$start" ]
}

case $1 in
  start)
    running && exit 0
    server </dev/null >>"$home/server.log" 2>&1 &
    pid=$!
    echo "$pid $(born "$pid")" >"$home/pid"
    echo "$pid" >>"$home/starts"
    ;;
  stop)
    running || exit 0
    kill -TERM "$pid"
    # At most a minute; what hangs longer is for the caller to see.
    left=1200
    while running; do
      left=$((left - 1))
      [ "$left" -gt 0 ] || exit 1
      sleep 0.05
    done
    ;;
  active) running ;;
  pid) running && echo "$pid" ;;
  version) server --version </dev/null ;;
  *)
    echo "service: $1 is none of start, stop, active, pid, version" >&2
    exit 64
    ;;
esac
