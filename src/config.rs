//! Plimsoll's own configuration.
