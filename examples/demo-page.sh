#!/bin/sh
# The page that ./bootstrap demo shows: one clone open, a full table, what else there is. At most 60 lines of 80 columns.
#   demo-page.sh RILL SYSGEN
# Its text is the scenario s0-demo as rill runs it, made narrow: a call and its result on one line, a clause that finds no
# room beside its step below it.
rill=$1 sysgen=$2
scenarios=$(dirname "$0")/scenarios

run=$("$rill" boot "$sysgen" -s "$scenarios/s0-demo.rill") || exit 1
printf '%s\n' "$run" | awk '
    # A line of words, broken at blanks; what follows the first line is set in by `hang`.
    function fold(text, hang,    at) {
        while (length(text) > 80) {
            for (at = 80; at > hang + 1 && substr(text, at, 1) != " "; at--) ;
            if (at <= hang + 1) break
            print substr(text, 1, at - 1)
            text = sprintf("%" hang "s%s", "", substr(text, at + 1))
        }
        print text
    }
    # A step, and at the right the clauses that ask for it.
    function step(text,    id, from) {
        id = ""
        if (match(text, /  +[A-Z][A-Z0-9]*-[0-9]+( [A-Z][A-Z0-9]*-[0-9]+)*$/)) {
            id = substr(text, RSTART)
            sub(/^ +/, "", id)
            text = substr(text, 1, RSTART - 1)
        }
        if (id == "") return fold(text, 17)
        if (length(text) + 1 + length(id) <= 80) { print text sprintf("%" (80 - length(text)) "s", id); return }
        fold(text, 17)
        print sprintf("%80s", id)
    }
    # A call and its result; two short ones share a line.
    function tell() {
        if (call == "") return
        sub(/^\$ expect [^ ]+ /, "$ ", call)
        call = call (result == "" ? "" : "  -> " result)
        if (length(call) > 38) { flush(); fold(call, 4) }
        else if (left == "") left = call
        else { print sprintf("%-40s%s", left, call); left = "" }
        call = result = ""
        blank = 0
    }
    function flush() {
        if (left != "") print left
        left = ""
    }
    function done() { tell(); flush() }
    /^  \(with(out)? steps\)$/ { next }
    /^\$ /         { tell(); call = $0; next }
    /^  -> /       { result = substr($0, 6); next }
    /^     [^ ]/ && result != "" { sub(/^ +/, " "); result = result $0; next }
                   { done() }
    /^    /        { step($0); next }
    NF             { print }
    !NF && NR > 1 && !blank { print }
                   { blank = !NF }
    END            { done() }'

cat <<'END'

What else there is, by name (./bootstrap demo NAME; all: one after the other):
END
for name in $(grep -E '^s([1-9]|10)-' "$scenarios/ORDER"); do
    printf '  %-23s %s\n' "$name" "$(sed -n '1{s/^# *S[0-9]*: *//;s/\.$//;p}' "$scenarios/$name.rill" | cut -c1-54)"
done
cat <<'END'
  designs                 the same question put to five kernels, side by side
END
grep -vE '^s([1-9]|10)-' "$scenarios/ORDER" | fmt -w 78 | sed 's/^/  /'
echo 'Calls of your own: build/tools/rill boot build/examples/sysgen'
