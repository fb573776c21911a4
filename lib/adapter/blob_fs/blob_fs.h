/* Object storage in the local file system: `file:///abs/path` is the file /abs/path.
 *
 * Objects appear by rename (or link, for if_absent), after their bytes are on disk. Calls run on
 * two threads of their own. Folders come and go with their objects' names; names with '.part-' in
 * them are files being written. */
#pragma once

#include "port/blobs.h"

struct blobs *blob_fs_new(void);
