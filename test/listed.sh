#!/bin/sh
# listed.sh DIRECTORY FILE...: every case file below the directory's suites is among the files that meson.build names.
cd "$1" || exit 99
shift
bad=0
for file in unit/*.cpp conformance/*.cpp conformance/*/*.cpp property/*.cpp attack/*.cpp; do
    [ "$file" = conformance/application/main.cpp ] && continue # of another system's program (run.sh)
    case " $* " in
    *" $file "*) ;;
    *) echo "$file: no suite in test/meson.build names it, so its cases never run"; bad=1 ;;
    esac
done
exit $bad
