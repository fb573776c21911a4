/* The gradient of one chunk of a batch.
 *
 * Chunks of a batch are independent, so that each may be computed by another thread; how a batch is
 * cut depends on its size alone, and sums over chunks go in their order. So a step's result is the
 * same for any number of threads. */
#pragma once

#include "core/learn/dataset.h"
#include "core/learn/model.h"
#include "core/learn/net.h"

/* What the chunks of a step share. */
struct backward_job {
    const struct net *net;
    enum model_task task;
    const struct dataset *data;
    const float *params;
    const float *transposed; /* of backward_transpose */
    float scale;             /* times a row's weight: 1 / sum of the batch's weights */
    float dropout;
    uint64_t seed; /* of this step's dropout */
};

/* One chunk: rows in; gradients out, for the layers summed, for the tables still row by row. */
struct backward_chunk {
    const uint32_t *rows; /* (n) of the data set */
    size_t n, capacity;
    size_t index;  /* in the batch: dropout's stream */
    uint32_t *ids; /* (n, n_ids) */
    float *layers; /* (n_params - tables_end) */
    float *sums;   /* (n, layers[0].n_out): by the first layer's sums, for one-hot tables */
    float *x;      /* (n, layers[0].n_in - n_floats): by the embeddings' columns of x */
    double loss;   /* scaled */
};

/* Memory of one thread. */
struct backward_scratch {
    float *floats;       /* (n, n_floats) */
    float **activations; /* (n_layers + 1) arrays: x, then each layer's output */
    float *dz, *dx;      /* (n, widest) */
    size_t n_layers;
};

void backward_chunk_init(struct backward_chunk *c, const struct net *net, size_t capacity);
void backward_chunk_deinit(struct backward_chunk *c);
void backward_scratch_init(struct backward_scratch *s, const struct net *net, size_t capacity);
void backward_scratch_deinit(struct backward_scratch *s);

/* The transposed weights of every layer, of the first only the rows behind its floats, each at its
 * layer's offset: what derivatives are passed back with. Shapes: ret (n_params - tables_end). */
void backward_transpose(const struct net *net, const float *params, float *ret);
/* Fills c->ids, layers, sums, x and loss. */
void backward_run(const struct backward_job *job, struct backward_chunk *c,
                  struct backward_scratch *s);
