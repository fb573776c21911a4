#include "core/data/infer.h"

enum column_type infer_type(unsigned seen)
{
    switch (seen) {
    case CELL_INT:
        return COLUMN_INT64;
    case CELL_DOUBLE:
    case CELL_INT | CELL_DOUBLE:
        return COLUMN_DOUBLE;
    case CELL_BOOL:
        return COLUMN_BOOL;
    case CELL_TIMESTAMP:
        return COLUMN_TIMESTAMP;
    default:
        return COLUMN_STRING;
    }
}

unsigned infer_kinds_of(enum column_type type)
{
    switch (type) {
    case COLUMN_INT64:
        return CELL_INT;
    case COLUMN_DOUBLE:
    case COLUMN_FLOAT:
        return CELL_INT | CELL_DOUBLE;
    case COLUMN_BOOL:
        return CELL_BOOL;
    case COLUMN_TIMESTAMP:
        return CELL_TIMESTAMP;
    case COLUMN_STRING:
        break;
    }
    return CELL_INT | CELL_DOUBLE | CELL_BOOL | CELL_TIMESTAMP | CELL_STRING;
}
