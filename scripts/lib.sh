# shellcheck shell=bash
# What setup, up and test share: messages, long steps that show they are alive, and where tools are.
# Sourced with the repository root as the working directory.

# shellcheck disable=SC2034 # used by setup
DENO_VERSION=2.9.6
TOOLS=$PWD/.tools
# Debian keeps bpftool in a directory that is not in everybody's PATH.
export PATH=$TOOLS/node_modules/.bin:$PATH:/usr/local/go/bin:$TOOLS/go/bin:$TOOLS/prometheus-root/usr/bin:/usr/local/sbin:/usr/sbin:/sbin

say() { printf 'tsunagi: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least WANTED ACTUAL: both as dotted numbers
version_at_least() {
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# alive TEXT COMMAND...: runs a long command quietly, with a line every 10 s; its output only on failure.
# A signal that ends the script ends the command too.
alive() {
	local text=$1 log status=0 command start=$SECONDS waited=0
	shift
	log=$(mktemp)
	say "$text"
	"$@" >"$log" 2>&1 </dev/null &
	command=$!
	# shellcheck disable=SC2064 # the values of now
	trap "kill $command 2>/dev/null; rm -f '$log'; exit 143" TERM INT
	while kill -0 "$command" 2>/dev/null; do
		sleep 0.1
		waited=$((waited + 1))
		[ $((waited % 100)) -ne 0 ] || say "$text: still at it after $((SECONDS - start)) s"
	done
	wait "$command" || status=$?
	trap - TERM INT
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$log" >&2
		say "$text: failed with status $status (the command was: $*)"
	fi
	rm -f "$log"
	return "$status"
}

# The command of `deno task run`, so that its permissions are written down once.
run_command() {
	local command
	command=$(sed -n '/^    "run": {/,/^    }/s/^ *"command": "\(.*\)",\{0,1\}$/\1/p' deno.json)
	[ -n "$command" ] || die "deno.json has no task \"run\""
	printf '%s\n' "$command"
}
