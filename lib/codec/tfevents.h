/* TensorBoard event files: TFRecords of tensorflow.Event, written by hand.
 *
 * Only what a training run says: the version event that opens a file, and scalars by tag and step.
 * Source: tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto. */
#pragma once

#include "base/buf.h"

/* The event that every file begins with: file_version "brain.Event:2". Units: seconds since 1970.
 */
void tfevents_begin(struct sl_buf *b, double wall_time);
/* One scalar: "loss" at a step. */
void tfevents_scalar(struct sl_buf *b, double wall_time, int64_t step, struct sl_str tag,
                     float value);
/* A text that the Text tab shows as Markdown: the configuration of a run. */
void tfevents_text(struct sl_buf *b, double wall_time, int64_t step, struct sl_str tag,
                   struct sl_str text);
