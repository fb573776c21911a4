#include "core/catalog/pusher.h"

static const struct json_field fields[] = {
    {.name = "destination",
     .kind = JSON_K_STRING,
     .offset = offsetof(struct pusher_params, destination),
     .required = true,
     .help = "The folder or URI that servers watch; a version becomes a folder of it."},
};
static const struct json_table params = JSON_TABLE(fields, struct pusher_params);

static const struct catalog_port inputs[] = {
    {.name = "model", .type = "Model", .help = "The model to push."},
    {.name = "blessing",
     .type = "ModelBlessing",
     .help = "The Evaluator's word on this model; nothing is pushed unless it blesses."},
    {.name = "infra_blessing",
     .type = "InfraBlessing",
     .optional = true,
     .help = "The InfraValidator's word, when it was asked."},
    {0},
};
static const struct catalog_port outputs[] = {
    {.name = "pushed_model",
     .type = "PushedModel",
     .help = "pushed.json: where, when, by whom, from what data."},
    {0},
};

const struct catalog_component catalog_pusher = {
    .name = "Pusher",
    .executable = "pusher",
    .help = "Puts a blessed model where servers look, as a new version, whole or not at all.",
    .inputs = inputs,
    .outputs = outputs,
    .params = &params,
};
