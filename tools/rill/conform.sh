#!/bin/sh
# What `rill conform` promises: statuses, patterns, formats, exit status. The suite here is a script, so that a case can fail,
# crash or keep silent at will; the catalogue is a small one.
#   conform.sh RILL
rill=$1
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
bad=0

mkdir "$dir/clauses"
cat >"$dir/clauses/01-first.md" <<'END'
# 1. First things

## Holding

| id | requirement | observable | source | systems | profiles |
|---|---|---|---|---|---|
| AB-001 | A thing **holds** by `a \| b`. | call -> 0 | a manual | all | irix svr4 solaris |
| AB-002 | A thing fails # here. | - | a manual | all | irix svr4 solaris |
| AB-003 | A thing crashes. | - | a manual | all | irix svr4 solaris |
| AB-004 | What comes behind a crash, which is told in a sentence that goes on for longer than any line of a report has room for, so that whoever cuts sentences has to cut this one before it comes to its very last word, omega. | - | a manual | all | irix svr4 solaris |
| AB-005 | Nobody looks <at> this & that. | - | a manual | all | irix svr4 solaris |
| AB-006 | Only solaris does this. | - | code | SOL | solaris |
END
cat >"$dir/clauses/02-second.md" <<'END'
# 2. Second things

| id | requirement | observable | source | systems | profiles |
|---|---|---|---|---|---|
| XY-001 | Cannot be run. | - | a manual | all | note |
| XY-002 | Comes later. | - | a manual | all | later |
| XY-003 | LiS does this. | - | code | LIS | lis |
| XY-004 | Two cases, one of them fails under svr4. | - | a manual | all | irix svr4 solaris |
END
printf '| id | reason |\n|---|---|\n| AB-005 | it takes two machines |\n' >"$dir/clauses/uncovered.md"

# file:line, how it ends under which profile, name
cat >"$dir/cases" <<'END'
../test/a.cpp:3|ok|AB-001: it holds, by "a, b"
../test/a.cpp:5|not ok|AB-002: it fails
../test/a.cpp:7|die|AB-003: it crashes
../test/a.cpp:9|ok|AB-004: it comes behind
../test/a.cpp:11|ok|AB-006 [solaris]: only there
../test/b.cpp:3|ok|XY-004 [irix] [solaris]: the one case
../test/b.cpp:5|svr4 not ok|XY-004 [svr4]: the other case
../test/b.cpp:7|ok|a case without a clause
END
cat >"$dir/suite" <<'END'
#!/bin/sh
here=${0%/*}
if [ "$1" = --where ]; then
    sed 's/|[^|]*|/\t/' "$here/cases"
    exit 0
fi
for word; do case $word in --test-case=*) list=,${word#--test-case=},;; esac; done
while IFS='|' read -r place end name; do
    pattern=$(printf '%s' "$name" | tr ',"' '??')
    case $list in *",$pattern,"*) ;; *) continue ;; esac
    case $end in
    *"not ok") echo "# a.cpp:6: CHECK( one == two )"; echo "not ok 1 - $name" ;;
    ok) echo "ok 1 - $name" ;;
    die) kill -SEGV $$ ;;
    esac
done <"$here/cases"
exit 1
END
chmod +x "$dir/suite"
RILL_SUITE=$dir/suite
export RILL_SUITE

conform() {
    "$rill" conform --catalogue "$dir/clauses" "$@" >"$dir/out" 2>"$dir/err"
    status=$?
}
# check NAME STATUS PATTERN...: the exit status, and for each pattern a line of the output.
check() {
    name=$1
    if [ "$status" -ne "$2" ]; then
        echo "$name: exit status $status, expected $2"; cat "$dir/out" "$dir/err"; bad=1
    fi
    shift 2
    for pattern; do
        grep -qE -- "$pattern" "$dir/out" "$dir/err" || { echo "$name: no line has: $pattern"; cat "$dir/out" "$dir/err"; bad=1; }
    done
}
none() {
    if grep -qE -- "$2" "$dir/out"; then echo "$1: a line has: $2"; cat "$dir/out"; bad=1; fi
}

conform
check 'text' 1 '^1. First things \(01-first.md\)$' \
    '^  AB-001 +passed +A thing holds by a \| b\.$' '^  AB-002 +failed ' '^      test/a.cpp:5: AB-002: it fails$' \
    'CHECK\( one == two \)' '^  AB-003 +failed ' 'the case ended the process: Segmentation fault' '^  AB-004 +passed ' \
    '^  AB-005 +not covered .*\(it takes two machines\)' '^  AB-006 +does not apply .*\(binds solaris\)' '^  XY-001 +a note ' \
    '^  XY-002 +not built yet ' '^  XY-003 +does not apply .*binds lis' '^  XY-004 +passed ' \
    '^01-first.md +2 +2 +1 +1 +0 +0 +6$' '^02-second.md +1 +0 +0 +1 +1 +1 +4$' '^all +3 +2 +1 +2 +1 +1 +10$'
[ -s "$dir/err" ] && { echo 'text: progress, and no terminal is there'; bad=1; }
conform 'AB-00[14]' 'XY-004'
check 'patterns' 0 'AB-001' 'AB-004' '^all +3 +0 +0 +0 +0 +0 +3$'
none 'patterns' 'AB-002|XY-001'
conform 'ZZ-*'
check 'no such clause' 2 'no clause is called ZZ-'
conform AB-001 AB-005
check 'not covered is no failure' 0 'not covered'
conform --strict AB-001 AB-005
check 'unless strict' 1 'not covered'
conform --profile svr4 'XY-*'
check 'svr4' 1 'XY-004 +failed' 'the other case'
conform --profile solaris AB-006
check 'solaris' 0 'AB-006 +passed'
conform --profile vms
check 'no such profile' 2 'no profile is called vms'
conform --profile all XY-004
check 'all profiles' 1 'XY-004 +irix +passed' 'XY-004 +svr4 +failed' 'XY-004 +solaris +passed'

conform --format tap
check 'tap' 1 '^1\.\.10$' '^ok 1 - AB-001 \[irix\]: ' '^not ok 2 - AB-002 \[irix\]: A thing fails no\. here\.$' \
    '^not ok 5 - .* # TODO not covered: it takes two machines$' '^ok 6 - .* # SKIP does not apply'
check 'whole sentences' 1 '^ok 4 - AB-004 .* omega\.$'
conform --format junit
check 'junit' 1 'testsuite name="irix.01-first" tests="6" failures="2" errors="0" skipped="2" time="[0-9]+\.[0-9]{3}"' 'this &amp; that' \
    'name="AB-001: .*" time="[0-9]+\.[0-9]{3}" file="test/a.cpp" line="3"><system-out>test/a.cpp:3: AB-001: it holds' \
    'name="AB-002: .*" file="test/a.cpp" line="5"' 'AB-004: .* omega\.'
if command -v xmllint >/dev/null; then xmllint --noout "$dir/out" || { echo 'junit: no XML'; bad=1; }; fi
conform --format markdown --profile all
check 'markdown' 1 '^\| AB-001 \| A thing holds by a \\\| b\. \| passed \| passed \| passed \| it holds, by "a, b" \(a.cpp\) \|$' \
    '^\| AB-006 \| Only solaris does this. \| \| \| passed \|' '^\| AB-002 .*\*\*failed\*\*' \
    '^\| XY-004 .*\| the one case \(b.cpp\)<br>the other case \(b.cpp\) \|$'
check 'whole sentences in the matrix' 1 'AB-004 .* omega\. \|'
conform --format html --profile irix --sources https://example.org/tree
check 'links to lines' 1 '<a href="https://example.org/tree/test/a.cpp#L5">test/a.cpp:5</a>'
conform --format html --profile all -o "$dir/page.html"
check 'html' 1
cp "$dir/page.html" "$dir/out"
check 'html' 1 'data-is="irix:does-not-apply svr4:does-not-apply solaris:passed"' 'A thing <b>holds</b> by <code>a \| b</code>' \
    'test/a.cpp:5<' '&lt;at&gt; this &amp; that'
none 'html' '(src|href)='
conform --profiles
check 'profiles' 0 '^point +irix +svr4 +solaris +clauses$' '^external major of the clone driver +10 +63 +11 +CLN-003$'
conform --profiles --format markdown
check 'profiles in Markdown' 0 '^\| I_FLUSH with argument 0 \| EINVAL \| EINVAL \|'

printf '| AB-007 | one | two | three |\n' >>"$dir/clauses/01-first.md"
conform
check 'a row too short' 2 '01-first.md:13: expected 6 columns, got 4'
sed -i '$d' "$dir/clauses/01-first.md"
printf '| AB-007 | a | b | c | d | vms |\n' >>"$dir/clauses/01-first.md"
conform
check 'an unknown profile' 2 '01-first.md:13: AB-007: no profile is called vms'
sed -i '$d' "$dir/clauses/01-first.md"
printf '| AB-001 | a | b | c | d | irix |\n' >>"$dir/clauses/01-first.md"
conform
check 'an id twice' 2 'AB-001 stands here a second time'
sed -i '$d' "$dir/clauses/01-first.md"
printf '| RD-010 | a | b | c | d | irix |\n' >>"$dir/clauses/01-first.md"
conform
check 'a row against its profile' 2 'RD-010: its row and the profile irix disagree \(read_zero_consumes\)'
sed -i '$d' "$dir/clauses/01-first.md"
printf '../test/b.cpp:9|ok|AB-099: nobody wrote this down\n../test/b.cpp:11|ok|AB-005: covered after all\n' >>"$dir/cases"
conform AB-005
check 'notes' 0 'test/b.cpp:9: no clause is called AB-099' 'uncovered.md has AB-005, but a case names it'

# Scenarios as cases.
mkdir "$dir/own"
printf 'clause AB-005: two opens "at once"\nfd = open /dev/echo\nexpect ok open /dev/echo\n' >"$dir/own/good.rill"
printf '# a comment\nclause AB-001 [svr4]: it does not hold\nexpect EBUSY open /dev/echo\n' >"$dir/own/bad.rill"
printf 'clause XY-001: nothing is asked\nopen /dev/echo\n' >"$dir/own/mute.rill"
printf 'open /dev/echo\n' >"$dir/own/other.rill"
conform --cases "$dir/own" AB-005
check 'a scenario covers a clause' 0 'AB-005 +passed'
conform --cases "$dir/own" AB-001
check 'not under another profile' 0 'AB-001 +passed'
conform --cases "$dir/own" --profile svr4 AB-001
check 'a scenario that fails' 1 'AB-001 +failed' 'bad.rill:2: AB-001 \[svr4\]: it does not hold' 'bad.rill:3:8: expected EBUSY, got fd 0'
conform --cases "$dir/own" XY-001
check 'a scenario that expects nothing' 1 'XY-001 +failed' 'no line of it expects anything'
conform --cases "$dir/nowhere" XY-001
check 'no such cases' 2 'rill conform: cannot read .*/nowhere'
RILL_SUITE=$dir/nothing
conform --cases "$dir/own" AB-005
check 'scenarios without the suite' 0 'AB-005 +passed'
conform
check 'no suite' 2 'the suite is not there'
exit $bad
