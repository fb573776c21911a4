/* Every field of a manifest. docs/reference/manifest.md says the same in words, and a test compares
 * them. */
#include "core/pipeline/manifest_impl.h"

#define AT(type, member)  .offset = offsetof(struct type, member)
#define HAS(type, member) .present_offset = offsetof(struct type, member)

static const char *const types[] = {"string", "int", "double", "bool", "list", "object", NULL};
static const char *const policies[] = {"allow", "queue", "replace", "refuse", NULL};
const char *const raw_pull_policies[] = {"", "Always", "IfNotPresent", "Never", NULL};

/* ---- the object -------------------------------------------------------------------------------
 */

static const struct json_field document_fields[] = {
    {"apiVersion", JSON_K_STRING, AT(raw_document, api_version), .required = true},
    {"kind", JSON_K_STRING, AT(raw_document, kind), .required = true},
    {"metadata", JSON_K_ANY, AT(raw_document, metadata)},
    {"spec", JSON_K_ANY, AT(raw_document, spec)},
    {"status", JSON_K_ANY, AT(raw_document, status)},
};
const struct json_table raw_document_table = JSON_TABLE(document_fields, struct raw_document);

#define FROM_SERVER(name)                               \
    {                                                   \
        name, JSON_K_ANY, AT(raw_metadata, from_server) \
    }
static const struct json_field metadata_fields[] = {
    {"name", JSON_K_STRING, AT(raw_metadata, name)},
    {"generateName", JSON_K_STRING, AT(raw_metadata, generate_name)},
    {"namespace", JSON_K_STRING, AT(raw_metadata, namespace)},
    {"labels", JSON_K_ANY, AT(raw_metadata, labels)},
    {"annotations", JSON_K_ANY, AT(raw_metadata, annotations)},
    FROM_SERVER("uid"),
    FROM_SERVER("resourceVersion"),
    FROM_SERVER("generation"),
    FROM_SERVER("creationTimestamp"),
    FROM_SERVER("deletionTimestamp"),
    FROM_SERVER("deletionGracePeriodSeconds"),
    FROM_SERVER("managedFields"),
    FROM_SERVER("ownerReferences"),
    FROM_SERVER("finalizers"),
    FROM_SERVER("selfLink"),
};
const struct json_table raw_metadata_table = JSON_TABLE(metadata_fields, struct raw_metadata);

/* ---- shared parts -----------------------------------------------------------------------------
 */

static const struct json_field param_fields[] = {
    {"name", JSON_K_STRING, AT(raw_param, name), .required = true},
    {"type", JSON_K_ENUM, AT(raw_param, type), .names = types, .otherwise = "\"string\""},
    {"default", JSON_K_ANY, AT(raw_param, otherwise)},
    {"enum", JSON_K_ANY, AT(raw_param, choices)},
    {"description", JSON_K_STRING, AT(raw_param, description)},
};
static const struct json_table param_table = {param_fields, SL_COUNTOF(param_fields),
                                              sizeof(struct raw_param),
                                              offsetof(struct raw_param, line)};

static const struct json_field storage_fields[] = {
    {"uri", JSON_K_STRING, AT(raw_storage, uri)},
    {"secretName", JSON_K_STRING, AT(raw_storage, secret_name)},
    {"endpoint", JSON_K_STRING, AT(raw_storage, endpoint)},
    {"region", JSON_K_STRING, AT(raw_storage, region)},
    {"pathStyle", JSON_K_BOOL, AT(raw_storage, path_style)},
};
static const struct json_table storage_table = JSON_TABLE(storage_fields, struct raw_storage);

static const struct json_field retry_fields[] = {
    {"limit", JSON_K_INT, AT(raw_retry, limit), .min = 0, .max = 100, HAS(raw_retry, has_limit)},
    {"backoff", JSON_K_DURATION, AT(raw_retry, backoff_ms), HAS(raw_retry, has_backoff)},
    {"factor", JSON_K_NUMBER, AT(raw_retry, factor), .min = 1, .max = 100,
     HAS(raw_retry, has_factor)},
    {"cap", JSON_K_DURATION, AT(raw_retry, cap_ms), HAS(raw_retry, has_cap)},
    {"memoryFactor", JSON_K_NUMBER, AT(raw_retry, memory_factor), .min = 1, .max = 100,
     HAS(raw_retry, has_memory_factor)},
    {"memoryCap", JSON_K_BYTES, AT(raw_retry, memory_cap_bytes), HAS(raw_retry, has_memory_cap)},
};
static const struct json_table retry_table = JSON_TABLE(retry_fields, struct raw_retry);

static const struct json_field cache_fields[] = {
    {"enabled", JSON_K_BOOL, AT(raw_cache, enabled), HAS(raw_cache, has_enabled)},
    {"version", JSON_K_STRING, AT(raw_cache, version), HAS(raw_cache, has_version)},
};
static const struct json_table cache_table = JSON_TABLE(cache_fields, struct raw_cache);

static const struct json_field defaults_fields[] = {
    {"timeout", JSON_K_DURATION, AT(raw_defaults, timeout_ms)},
    {"pendingTimeout", JSON_K_DURATION, AT(raw_defaults, pending_timeout_ms),
     .otherwise = "\"1h\""},
    {"retry", JSON_K_OBJECT, AT(raw_defaults, retry), .table = &retry_table},
    {"cache", JSON_K_OBJECT, AT(raw_defaults, cache), .table = &cache_table},
};
static const struct json_table defaults_table = JSON_TABLE(defaults_fields, struct raw_defaults);

static const struct json_field concurrency_fields[] = {
    {"policy", JSON_K_ENUM, AT(raw_concurrency, policy), .names = policies,
     .otherwise = "\"allow\""},
    {"group", JSON_K_STRING, AT(raw_concurrency, group)},
};
static const struct json_table concurrency_table =
    JSON_TABLE(concurrency_fields, struct raw_concurrency);

/* ---- steps ------------------------------------------------------------------------------------
 */

static const struct json_field resources_fields[] = {
    {"requests", JSON_K_ANY, AT(raw_resources, requests)},
    {"limits", JSON_K_ANY, AT(raw_resources, limits)},
};
static const struct json_table resources_table = JSON_TABLE(resources_fields, struct raw_resources);

#define CONTAINER_FIELDS                                                                           \
    {"image", JSON_K_STRING, AT(raw_container, image), .required = true},                          \
        {"command", JSON_K_ANY, AT(raw_container, command)},                                       \
        {"args", JSON_K_ANY, AT(raw_container, args)},                                             \
        {"env", JSON_K_ANY, AT(raw_container, env)},                                               \
        {"workingDir", JSON_K_STRING, AT(raw_container, working_dir)},                             \
    {                                                                                              \
        "imagePullPolicy", JSON_K_ENUM, AT(raw_container, pull_policy), .names = raw_pull_policies \
    }

static const struct json_field container_fields[] = {CONTAINER_FIELDS};
static const struct json_table container_table = JSON_TABLE(container_fields, struct raw_container);

static const struct json_field script_fields[] = {
    CONTAINER_FIELDS,
    {"source", JSON_K_STRING, AT(raw_container, source), .required = true},
};
static const struct json_table script_table = JSON_TABLE(script_fields, struct raw_container);

static const struct json_field env_fields[] = {
    {"name", JSON_K_STRING, AT(raw_env, name), .required = true},
    {"value", JSON_K_ANY, AT(raw_env, any)},
    {"valueFrom", JSON_K_ANY, AT(raw_env, any)},
};
const struct json_table raw_env_table = JSON_TABLE(env_fields, struct raw_env);

#define POD_ANY(name)                      \
    {                                      \
        name, JSON_K_ANY, AT(raw_pod, any) \
    }
#define POD_STRING(name)                         \
    {                                            \
        name, JSON_K_STRING, AT(raw_pod, string) \
    }
static const struct json_field pod_fields[] = {
    POD_ANY("labels"),
    POD_ANY("annotations"),
    POD_ANY("nodeSelector"),
    POD_ANY("tolerations"),
    POD_ANY("affinity"),
    POD_ANY("topologySpreadConstraints"),
    POD_ANY("imagePullSecrets"),
    POD_ANY("volumes"),
    POD_ANY("volumeMounts"),
    POD_ANY("securityContext"),
    POD_ANY("containerSecurityContext"),
    POD_STRING("serviceAccountName"),
    POD_STRING("priorityClassName"),
    POD_STRING("runtimeClassName"),
    POD_STRING("schedulerName"),
};
const struct json_table raw_pod_table = JSON_TABLE(pod_fields, struct raw_pod);

static const struct json_field output_fields[] = {
    {"type", JSON_K_STRING, AT(raw_output, type)},
    {"value", JSON_K_ENUM, AT(raw_output, value), .names = types, HAS(raw_output, has_value)},
};
const struct json_table raw_output_table = JSON_TABLE(output_fields, struct raw_output);

static const struct json_field step_fields[] = {
    {"name", JSON_K_STRING, AT(raw_step, name), .required = true},
    {"description", JSON_K_STRING, AT(raw_step, description)},
    {"component", JSON_K_STRING, AT(raw_step, component), HAS(raw_step, has_component)},
    {"container", JSON_K_OBJECT, AT(raw_step, container), .table = &container_table,
     HAS(raw_step, has_container)},
    {"script", JSON_K_OBJECT, AT(raw_step, script), .table = &script_table,
     HAS(raw_step, has_script)},
    {"params", JSON_K_ANY, AT(raw_step, params)},
    {"inputs", JSON_K_ANY, AT(raw_step, inputs)},
    {"outputs", JSON_K_ANY, AT(raw_step, outputs)},
    {"after", JSON_K_STRING_LIST, AT(raw_step, after)},
    {"when", JSON_K_ANY, AT(raw_step, when)},
    {"continueOn", JSON_K_STRING_LIST, AT(raw_step, continue_on)},
    {"exitCodes", JSON_K_ANY, AT(raw_step, exit_codes)},
    {"retry", JSON_K_OBJECT, AT(raw_step, retry), .table = &retry_table},
    {"timeout", JSON_K_DURATION, AT(raw_step, timeout_ms), HAS(raw_step, has_timeout)},
    {"pendingTimeout", JSON_K_DURATION, AT(raw_step, pending_timeout_ms),
     HAS(raw_step, has_pending_timeout)},
    {"cache", JSON_K_OBJECT, AT(raw_step, cache), .table = &cache_table},
    {"replicas", JSON_K_INT, AT(raw_step, replicas), .otherwise = "1", .min = 1, .max = 1000},
    {"resources", JSON_K_OBJECT, AT(raw_step, resources), .table = &resources_table},
    {"queue", JSON_K_STRING, AT(raw_step, queue)},
    {"pod", JSON_K_ANY, AT(raw_step, pod)},
    {"forEach", JSON_K_ANY, AT(raw_step, for_each)},
    {"shards", JSON_K_ANY, AT(raw_step, shards)},
    {"pipeline", JSON_K_ANY, AT(raw_step, pipeline)},
    {"pipelineRef", JSON_K_ANY, AT(raw_step, pipeline_ref)},
    {"sensor", JSON_K_ANY, AT(raw_step, sensor)},
    {"priority", JSON_K_ANY, AT(raw_step, priority)},
};
static const struct json_table step_table = {
    step_fields, SL_COUNTOF(step_fields), sizeof(struct raw_step), offsetof(struct raw_step, line)};

/* ---- Pipeline, Run ----------------------------------------------------------------------------
 */

static const struct json_field pipeline_fields[] = {
    {"description", JSON_K_STRING, AT(raw_pipeline, description)},
    {"parameters", JSON_K_OBJECT_LIST, AT(raw_pipeline, parameters), .table = &param_table},
    {"storage", JSON_K_OBJECT, AT(raw_pipeline, storage), .table = &storage_table,
     HAS(raw_pipeline, has_storage)},
    {"defaults", JSON_K_OBJECT, AT(raw_pipeline, defaults), .table = &defaults_table},
    {"timeout", JSON_K_DURATION, AT(raw_pipeline, timeout_ms)},
    {"parallelism", JSON_K_INT, AT(raw_pipeline, parallelism), .min = 0, .max = 10000},
    {"concurrency", JSON_K_OBJECT, AT(raw_pipeline, concurrency), .table = &concurrency_table},
    {"steps", JSON_K_OBJECT_LIST, AT(raw_pipeline, steps), .required = true, .table = &step_table},
    {"onExit", JSON_K_OBJECT_LIST, AT(raw_pipeline, on_exit), .table = &step_table},
    {"priority", JSON_K_ANY, AT(raw_pipeline, priority)},
};
const struct json_table raw_pipeline_table = JSON_TABLE(pipeline_fields, struct raw_pipeline);

static const struct json_field ref_fields[] = {
    {"name", JSON_K_STRING, AT(raw_ref, name), .required = true},
};
static const struct json_table ref_table = JSON_TABLE(ref_fields, struct raw_ref);

static const struct json_field run_fields[] = {
    {"pipelineRef", JSON_K_OBJECT, AT(raw_run, pipeline_ref), .table = &ref_table,
     HAS(raw_run, has_pipeline_ref)},
    {"pipelineSpec", JSON_K_ANY, AT(raw_run, pipeline_spec)},
    {"parameters", JSON_K_ANY, AT(raw_run, parameters)},
    {"storage", JSON_K_OBJECT, AT(raw_run, storage), .table = &storage_table,
     HAS(raw_run, has_storage)},
    {"suspend", JSON_K_BOOL, AT(raw_run, suspend)},
    {"cancel", JSON_K_BOOL, AT(raw_run, cancel)},
    {"retry", JSON_K_INT, AT(raw_run, retry), .min = 0, .max = 1e6},
    {"ttlAfterFinished", JSON_K_DURATION, AT(raw_run, ttl_ms), HAS(raw_run, has_ttl)},
    {"concurrency", JSON_K_OBJECT, AT(raw_run, concurrency), .table = &concurrency_table},
    {"priority", JSON_K_ANY, AT(raw_run, priority)},
};
const struct json_table raw_run_table = JSON_TABLE(run_fields, struct raw_run);
