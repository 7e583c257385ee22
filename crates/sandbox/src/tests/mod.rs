//! The sandboxes, tried with the catalogue's own apps.

mod scripted;
mod wasm;
mod wasm_modules;
