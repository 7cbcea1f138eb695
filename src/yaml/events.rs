//! The only door to the YAML event source.
