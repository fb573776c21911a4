/* Importer's parameters. */
#pragma once

#include "core/catalog/catalog.h"

struct importer_params {
    struct sl_str uri;       /* a file, a folder, a glob, or the folder of an artifact */
    struct sl_str type;      /* of the artifact */
    struct json *properties; /* object, or NULL */
};

extern const struct catalog_component catalog_importer;
