# shellcheck shell=sh
# Whether addresses can be reached from where the server is.
# shellcheck disable=SC2034,SC2154 # shared names

# Says for each of the addresses asked for whether somebody accepts a connection there.
reach() {
  who_am_i
  look_at_service
  if is_in_container; then ask_from "$pid"; fi
  if ! has_talk; then
    put untried yes
    finished
  fi
  for address in $ask_addresses; do
    if accepts "$address"; then put reached "$address"; fi
  done
  finished
}

# At most five seconds for the connection to "HOST:PORT".
accepts() {
  host=${1%:*}
  host=${host#\[}
  host=${host%\]}
  port=${1##*:}
  # shellcheck disable=SC2016,SC2086 # bash expands them; words are to be split
  if command -v bash >/dev/null 2>&1; then
    limit 5 ${into-} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$host" "$port"
  elif command -v python3 >/dev/null 2>&1; then
    ${into-} python3 -I -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
' "$host" "$port"
  else
    limit 5 ${into-} nc -z "$host" "$port"
  fi >/dev/null 2>&1
}
