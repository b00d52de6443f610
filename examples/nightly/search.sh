#!/bin/sh
# One night: go on with the last one if it was cut short, else begin another. Its exit code is the verdict.
folder=.isofuzz/nightly
rm -rf "$folder/report" # what it says is of the last night
isofuzz campaign --resume "$folder" && exit 0
status=$?
[ "$status" = 2 ] || exit "$status"
# Exit code 2: nothing was cut short, so there was nothing to go on with.
exec isofuzz campaign tests.chat:Chat --for "${1:-6h}" --out "$folder"
