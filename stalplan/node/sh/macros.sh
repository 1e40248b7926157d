# shellcheck shell=sh
# Which environment variables the lines of id, hostname, coordinator and roles mention.
# shellcheck disable=SC2016,SC2034 # awk's dollars; used by report.sh

# Prints NAME of each %{env:NAME}% whose key is one of ours. The key is the table and
# what stands before the "=", also within inline tables and in an array's later lines.
NAMES_OF_OURS='
BEGIN { depth = open = 0 }
function ours(key) {
  key = tolower(key)
  gsub(/[ \t]/, "", key)
  return key ~ /(^|\.)(node-id|coordinator|hostname)$/ || key ~ /^cluster\.roles\./
}
function whole(  key, i) {
  key = table
  for (i = 0; i <= depth; i++) if (path[i] != "") key = key (key == "" ? "" : ".") path[i]
  return key
}
/^[ \t]*\[\[?[ \t]*[A-Za-z"\047][^],=]*\]\]?[ \t\r]*(#.*)?$/ {
  table = $0
  sub(/#.*/, "", table)
  gsub(/[][ \t\r"\047]/, "", table)
  depth = open = 0
  path[0] = ""
  next
}
{
  token = quote = ""
  count = length($0)
  for (i = 1; i <= count; i++) {
    char = substr($0, i, 1)
    if (char == "%") {
      rest = substr($0, i)
      if (match(rest, /^%[{]env:[A-Za-z_][A-Za-z0-9_]*[}]%/)) {
        if (ours(whole())) print substr(rest, 7, RLENGTH - 8)
        i += RLENGTH - 1
        continue
      }
    }
    if (quote != "") {
      if (char == quote) quote = ""
      else if (char == "\\" && quote == "\"") i++
      else token = token char
    }
    else if (char == "\"" || char == "\047") quote = char
    else if (char == "#") break
    else if (char == "=") { path[depth] = token; token = "" }
    else if (char == "{") { path[++depth] = ""; token = "" }
    else if (char == "}") { if (depth) depth--; token = "" }
    else if (char == "[") { open++; token = "" }
    else if (char == "]") { if (open) open--; token = "" }
    else if (char == ",") token = ""
    else if (char != " " && char != "\t" && char != "\r") token = token char
  }
  if (!open && !depth) path[0] = ""
}'
