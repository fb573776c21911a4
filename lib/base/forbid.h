/* Forced into every translation unit (`-include`): functions that this house does not use do not
 * compile. Standard headers come first, so that their own declarations are untouched. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef __GNUC__
#pragma GCC poison strcpy strcat strtok sprintf vsprintf atoi atol atof gmtime localtime
#endif
