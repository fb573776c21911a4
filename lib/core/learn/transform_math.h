/* Arithmetic that the evaluator and its ONNX export must agree on bit by bit. */
#pragma once

#include "base/str.h"
#include "core/learn/transform.h"

/* The one cast to float: numbers beyond its range become its largest, so that no learner sees an
 * infinity; -0 becomes 0; NaN stays. */
float transform_narrow(double x);
/* A part of a time in microseconds since 1970; NaN gives NaN. */
double transform_part_of(enum transform_part part, double time_us);
/* MurmurHash3 x86_32 (Austin Appleby, public domain), seed 0. */
uint32_t transform_murmur3(struct sl_str s);
