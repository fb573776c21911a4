#pragma once

#include "core/catalog/catalog.h"

struct pusher_params {
    struct sl_str destination;
};

extern const struct catalog_component catalog_pusher;
