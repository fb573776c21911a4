/* The page's style sheet and script, as C strings. */
#pragma once

extern const char report_style[];
/* Sorting by a click (or Enter) on a heading, and search boxes. */
extern const char report_script[];
