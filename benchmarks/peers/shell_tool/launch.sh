#!/bin/sh
# One launch, as a shell tool does it: launch.sh NUMBER UO3 UW AOT550 PSURF ALTI PHI THETAS THETAV
# Makes a deck and a report, and appends number and five quantities to table.txt.
number=$1 uo3=$2 uw=$3 aot550=$4 psurf=$5 alti=$6 phi=$7 thetas=$8 thetav=$9
here=$(dirname "$0")
deck=decks/$number
report=reports/$number.out

{
    echo 0
    echo "$thetas $phi $thetav 0 1 1"
    echo 7
    awk -v psurf="$psurf" -v uw="$uw" -v uo3="$uo3" -f "$here/profile.awk" "$CASE/us62.txt"
    echo 5
    echo 0
    echo "$aot550"
    if [ "$alti" = 0 ]; then echo 0; else echo "-$alti"; fi
    cat "$CASE/deck_tail.txt"
} > "$deck"

"$SIXSV" < "$deck" > "$report" || exit 1

gas=$(grep 'global gas. trans. :' "$report" | cut -c 28-69)
scattering=$(grep 'total  sca.   "    :' "$report" | cut -c 28-69)
albedo=$(grep 'spherical albedo   :' "$report" | cut -c 55-69)
reflectance=$(grep 'apparent reflectance' "$report" | sed 's/.*apparent reflectance *\([0-9.]*\).*/\1/')
echo "$gas $scattering $reflectance $albedo" | awk -v number="$number" \
    '{ printf "%s %.10f %.10f %.10f %.10f %.10f\n", number, $1 * $4, $2 * $5, $3 * $6, $7, $8 }' >> table.txt
