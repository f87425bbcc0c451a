# Reads from the test process what it started; at the end of that input, which comes however the test process ends,
# it stops what is left and removes the directory $1.
#   watch SIGNAL PID    started: stop it with this signal
#   forget PID          already gone
trap '' HUP INT TERM
directory=$1
watched=
while read -r verb first second; do
    case $verb in
    watch) watched="$watched $first:$second" ;;
    forget)
        kept=
        for entry in $watched; do
            [ "${entry#*:}" = "$first" ] || kept="$kept $entry"
        done
        watched=$kept
        ;;
    esac
done
for entry in $watched; do
    kill -s "${entry%%:*}" "${entry#*:}" 2>/dev/null
done
for entry in $watched; do
    tries=0
    while kill -0 "${entry#*:}" 2>/dev/null && [ $tries -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
done
rm -rf "$directory"
