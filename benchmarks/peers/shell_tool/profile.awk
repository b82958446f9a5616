# Scales the US62 profile: -v psurf= (hPa) -v uw= (g cm-2) -v uo3= (cm-atm). Input: altitude (km),
# pressure (hPa), temperature (K), water vapour and ozone density (g m-3).
{ printf "%s %.17g %s %.17g %.17g\n", $1, psurf * ($2 / 1013), $3, uw * ($4 / 1.424), uo3 * ($5 / 0.344) }
