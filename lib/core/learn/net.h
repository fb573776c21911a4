/* A dense network over floats and ids. Without hidden layers it is a linear model.
 *
 *     floats  ------------------------.
 *     ids --> embedding rows ---------+--> x --W1--(+)--relu--W2--(+)--relu-- ... --> z
 *     ids --> one-hot: rows of a table -------------'              bias
 *
 * A one-hot input times a matrix is a row of that matrix: such rows are added to the sums of the
 * first layer, no vector of zeros is ever made. All parameters are one array of floats: the tables
 * first, in order of the id inputs, then each layer's weights and bias. Optimisers, checkpoints and
 * reductions see nothing else. */
#pragma once

#include "core/learn/inputs.h"

/* The parameters behind one id input. */
struct net_table {
    size_t offset; /* in params: (n_rows, width) */
    size_t n_rows, width;
    bool one_hot;
    size_t column; /* EMBEDDING: its first column in x */
};

struct net_layer {
    size_t n_in, n_out;
    size_t weights, bias; /* in params: (n_in, n_out) and (n_out) */
};

struct net {
    struct input *inputs; /* floats, one-hot and embeddings in any order; each kind keeps it */
    size_t n_inputs;
    size_t n_floats, n_ids;
    struct net_table *tables; /* (n_ids) */
    struct net_layer *layers; /* (n_layers), at least one */
    size_t n_layers;
    size_t n_out;      /* numbers in z */
    size_t widest;     /* of x and all layers' outputs */
    size_t tables_end; /* params [0, tables_end) are the tables' */
    size_t n_params;
    const float *params; /* (n_params), or NULL: a shape only */
};

enum { NET_MAX_HIDDEN = 64, NET_MAX_WIDTH = 16384 };

/* The shape of a network. Lifetime: `a`; inputs are copied, their names are not.
 * Shapes: hidden (n_hidden) widths, from the inputs on. Errors: invalid: sizes out of bounds. */
struct sl_err *net_new(struct sl_arena *a, const struct input *inputs, size_t n_inputs,
                       const size_t *hidden, size_t n_hidden, size_t n_out,
                       struct net **ret) SL_MUST_USE;
/* First values: He's normal distribution before a relu, Glorot's before z, small normal ones for
 * the tables, zeros for biases; all zeros for a linear model. Shapes: ret (n_params). */
void net_init_params(const struct net *net, uint64_t seed, float *ret);
/* Fills x of rows: floats, then embeddings. Shapes: floats (n, n_floats), ids (n, n_ids), ret
 * (n, layers[0].n_in). */
void net_gather(const struct net *net, const float *params, const float *floats,
                const uint32_t *ids, size_t n, float *ret);
/* ret = first layer's bias plus the rows of one-hot inputs. Shapes: ret (n, layers[0].n_out). */
void net_first_sums(const struct net *net, const float *params, const uint32_t *ids, size_t n,
                    float *ret);
/* z of rows, with net->params. Every id is below its vocabulary's size (a bug else).
 * Shapes: floats (n, n_floats), ids (n, n_ids), ret (n, n_out). */
void net_forward(const struct net *net, const float *floats, const uint32_t *ids, size_t n,
                 float *ret);
