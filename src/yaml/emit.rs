//! Values into text, byte for byte as go-yaml v2 prints them.
