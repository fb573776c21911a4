/* Log lines on stderr: one JSON object a line, or plain text when stderr is a terminal.
 *
 *     sl_log_info("step started", "step", name, "attempt", "2", NULL);
 *
 * Keys and values alternate and end with NULL; values are C strings. No credentials, no data
 * values. */
#pragma once

#include "base/attr.h"

enum sl_log_level { SL_LOG_DEBUG, SL_LOG_INFO, SL_LOG_WARN, SL_LOG_ERROR };
enum sl_log_format { SL_LOG_AUTO, SL_LOG_JSON, SL_LOG_TEXT };

struct sl_err;

/* Called once by a program's main, before threads. */
void sl_log_setup(enum sl_log_level least, enum sl_log_format format);
void sl_log(enum sl_log_level level, const char *message, ...) __attribute__((sentinel));
/* Logs a failure with its kind and frames, and frees it. `err` may be NULL: then nothing is logged.
 */
void sl_log_err(enum sl_log_level level, struct sl_err *err, const char *message);

#define sl_log_debug(...) sl_log(SL_LOG_DEBUG, __VA_ARGS__)
#define sl_log_info(...)  sl_log(SL_LOG_INFO, __VA_ARGS__)
#define sl_log_warn(...)  sl_log(SL_LOG_WARN, __VA_ARGS__)
#define sl_log_error(...) sl_log(SL_LOG_ERROR, __VA_ARGS__)
