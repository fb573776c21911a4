/* What shapes a component's output, as one digest: its sources and the versions of the libraries it
 * uses. Generated when the programs are built (hack/build-ids). Part of the cache key (DESIGN 5).
 */
#pragma once

/* Of the component with that executable name ("example_gen"); "" when there is none. */
const char *build_id_of(const char *executable);
/* The version of this build: "0.1.0+<commit>". */
const char *build_version(void);
