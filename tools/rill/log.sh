#!/bin/sh
# What the commands of the log driver promise: strace, strerr and strlog of a scenario, in each profile, and strclean.
#   log.sh RILL
rill=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
bad=0

# lines NAME PROFILE EXPECTED: what the loggers print while the lines of standard input are played.
lines() {
    cat >play.rill
    "$rill" run --quiet --profile "$2" play.rill >out 2>err
    status=$?
    grep -E '^ *(strace|strerr)[0-9]*: ' out | sed 's/^ *//' >got
    printf '%s' "$3" >expected
    if ! diff -u expected got; then echo "$1 ($2): the lines above differ"; cat err; bad=1; fi
}
# status NAME EXPECTED
status() {
    if [ "$status" -ne "$2" ]; then echo "$1: exit status $status, expected $2"; cat out err; bad=1; fi
}

for profile in irix svr4 solaris; do
    lines 'strace: every field (LOG-051, CMD-009)' $profile 'strace: 1 00:00:02 250 0 - 44 0 x=7
strace: 2 01:01:02 366250 0 - 44 0 100%
' <<'END'
strace all
advance 250
strlog -p user.debug x=7
strlog -p user.info not for it
advance 366000
strlog -p user.debug "100%"
END
    status strace 0
    lines 'strerr: as strace, without the level (LOG-051, CMD-010)' $profile 'strerr: 1 00:00:00 0 - 44 0 the disk is full
strerr: 2 00:00:00 0 F 44 0 and hot
' <<'END'
strerr
strlog -p user.err the disk is full
strlog -p daemon.crit "and hot"
strlog -p user.notice not for it
END
    lines 'strace: a filter' $profile 'strace: 1 00:00:00 0 0 - 44 0 passes
' <<'END'
strace 44 all 0
strlog -p user.debug passes
exit strace
strlog -p user.debug "nobody reads it"
strace 45 0 0 46 all all
strlog -p user.debug "not asked for"
END
done

for profile in irix svr4; do
    lines 'a second one (LOG-052)' $profile '' <<'END'
strace
expect ENXIO strace
strerr
expect ENXIO strerr
END
    status 'a second one is refused' 0
done
lines 'a second one' solaris 'strace: 1 00:00:00 0 0 - 44 0 both
strace2: 1 00:00:00 0 0 - 44 0 both
' <<'END'
strace
strace
strlog -p user.debug both
END

# strlog: CMD-012
printf 'one\ntwo\n' >text
lines 'strlog -f' irix 'strerr: 1 00:00:00 0 - 44 0 one
strerr: 2 00:00:00 0 - 44 0 two
' <<END
strerr
strlog -t -i -p user.err -f $dir/text
expect ENOENT strlog -f $dir/none
END
status 'strlog -f' 0
lines 'strlog -s' irix '' <<'END'
strlog -M 5 -S 2 -s hello
END
grep -qF '0 00:00:00 0 0 - 5 2 hello' out || { echo 'strlog -s shows nothing'; cat out; bad=1; }
for wrong in 'strlog' 'strlog -p user.loud x' 'strlog -p user x' 'strace 1 2' 'strace 99999 1 1' 'strerr -d /there/is/none'; do
    echo "$wrong" >play.rill
    "$rill" run -q play.rill >out 2>err; status=$?
    status "$wrong" 1
done

# strerr -d, strclean: CMD-010, CMD-011
mkdir logs
lines 'strerr -d' irix 'strerr: 1 00:00:00 0 - 44 0 kept
' <<END
strerr -d $dir/logs
strlog -p user.err kept
END
[ "$(cat logs/error.01-01)" = '1 00:00:00 0 - 44 0 kept' ] || { echo 'strerr -d: its file'; ls logs; cat logs/*; bad=1; }
touch -d '10 days ago' logs/error.12-20 logs/other
touch -d '50 hours ago' logs/error.12-28
"$rill" strclean -d logs >out 2>err; status=$?
status strclean 0
[ -s out ] || [ -s err ] && { echo 'strclean is not silent'; cat out err; bad=1; }
[ "$(echo logs/*)" = 'logs/error.01-01 logs/error.12-28 logs/other' ] || { echo 'strclean: not those of 3 days'; ls logs; bad=1; }
"$rill" strclean -a 2 -d logs; status=$?
status 'strclean -a' 0
[ "$(echo logs/*)" = 'logs/error.01-01 logs/other' ] || { echo 'strclean -a 2: not those of 2 days'; ls logs; bad=1; }
"$rill" strclean -d nowhere >out 2>err; status=$?
status 'strclean without a directory' 2
"$rill" strclean -a -1 -d logs >out 2>err; status=$?
status 'strclean of a negative age' 2
"$rill" strace >out 2>err; status=$?
status 'rill strace' 2
grep -qF 'strace is a word of scenarios and of the shell' err || { echo 'rill strace: not told where it is'; cat err; bad=1; }
exit $bad
