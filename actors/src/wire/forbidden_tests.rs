//! Tests of the refused fields: a table of names, times a table of nestings.
