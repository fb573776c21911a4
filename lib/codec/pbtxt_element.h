/* Shared by the writer and the reader of protobuf text. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

/* Bytes of one element in the array of a repeated field. */
size_t pbtxt_element_size(const ProtobufCFieldDescriptor *f);
