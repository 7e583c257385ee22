//! The sandboxes, tried with the catalogue's own apps.

mod container;
mod scripted;
mod wasm;
mod wasm_modules;
