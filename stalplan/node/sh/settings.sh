# shellcheck shell=sh
# Asks the running server's settings API. The login comes on stdin and never stands in
# a command line or a file, where others on the node could read it.
# shellcheck disable=SC2154 # shared names

# The status code, then the body. 000: no answer came.
settings() {
  login=$(cat)
  if command -v curl >/dev/null 2>&1; then
    answer=$(printf 'header = "Authorization: Basic %s"\n' "$login" |
      curl -q -s -k -m 10 --noproxy '*' -K - -w '\n%{http_code}' -- "$ask_url" 2>/dev/null)
  elif command -v python3 >/dev/null 2>&1; then
    answer=$(printf '%s' "$login" | python3 -I -c '
import ssl, sys, urllib.error, urllib.request as request
context = ssl._create_unverified_context()
opener = request.build_opener(
    request.ProxyHandler({}), request.HTTPSHandler(context=context)
)
login = {"Authorization": "Basic " + sys.stdin.read()}
try:
    answer = opener.open(request.Request(sys.argv[1], headers=login), timeout=10)
    print(answer.read().decode(), answer.status, sep="\n")
except urllib.error.HTTPError as error:
    print("", error.code, sep="\n")
' "$ask_url" 2>/dev/null)
  else
    refuse failed 'the settings API can not be asked there: there is neither curl nor python3'
  fi
  put status "${answer##*"$newline"}"
  put body "${answer%"$newline"*}"
  finished
}
