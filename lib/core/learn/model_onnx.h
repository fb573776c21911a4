/* A model as ONNX: raw features in, scores out, the same function as model_predict_raw. */
#pragma once

#include "codec/onnx.h"
#include "core/learn/model.h"

/* Appends model.onnx: the transform's inputs (transform_onnx.h), its nodes, the learner behind
 * them.
 *
 *     binary      probability [N,1] float, class [N,1] string
 *     multi-class probabilities [N,n_classes] float, class [N,1] string
 *     regression  prediction [N,1] float
 *
 * The same model gives the same bytes. Errors: invalid: the model reads no features. */
struct sl_err *model_to_onnx(const struct model *m, struct sl_buf *b) SL_MUST_USE;
