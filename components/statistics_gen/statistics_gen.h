/* StatisticsGen: what its files share. */
#pragma once

#include "base/buf.h"
#include "core/data/statistics.h"

/* Appends report.html: every feature of all splits. */
void statistics_report(struct dataset_statistics *const *splits, size_t n, struct sl_buf *ret);
