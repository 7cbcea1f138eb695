//! The built-in controls and libraries as texts, gathered by the build script `controls/embed.rs`.

include!(concat!(env!("OUT_DIR"), "/controls.rs"));
