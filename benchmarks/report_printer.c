/* In the place of 6SV: reads the deck, and prints a report that was obtained before. */

#include <stdio.h>

static const char report[] =
#include "report.inc"
;

int main(void)
{
    char deck[4096];

    while (fread(deck, 1, sizeof deck, stdin) > 0)
        ;
    return fwrite(report, 1, sizeof report - 1, stdout) != sizeof report - 1;
}
