//! Is this a module we can run? Refusals read the same on every machine: no path, no engine's words.

use std::io::Read as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, ExternType, InstancePre, Linker, Module, UnknownImportError};

use super::state::State;
use crate::Error;

/// The only module that apps may import from.
pub(super) const WASI: &str = "wasi_snapshot_preview1";
/// Bytes that a module may have: bounds how long it takes to compile.
pub(super) const LARGEST_MODULE: u64 = 64 << 20;

const MAGIC: &[u8] = b"\0asm";
const CORE_VERSION: &[u8] = &[1, 0, 0, 0];
/// Second half of a component's version field. Source: component model, `Binary.md`.
const COMPONENT_LAYER: &[u8] = &[1, 0];

const BUILD_FOR_WASI: &str = "build a command module for WASI preview 1 (`wasm32-wasip1`)";

fn bad(problem: impl Into<String>, next: &'static str) -> Error {
    Error::BadApp { problem: problem.into(), next }
}

/// The bytes of the module's file, as sold.
///
/// # Errors
/// [`Error::Machine`] when it cannot be read; [`Error::BadApp`] when it is too large, or not the one sold.
pub(super) fn read(path: &Path, digest: &[u8; 32]) -> Result<Vec<u8>, Error> {
    let file = std::fs::File::open(path).map_err(Error::machine("open the module", path))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_MODULE + 1).read_to_end(&mut bytes).map_err(Error::machine("read the module", path))?;
    if bytes.len() as u64 > LARGEST_MODULE {
        let problem = format!("its module has more than {} MiB", LARGEST_MODULE >> 20);
        return Err(bad(problem, "strip it, and ship large data as a dataset"));
    }
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    if found != *digest {
        let problem = format!("its module has sha-256 {}, but {} was sold", hex::encode(found), hex::encode(digest));
        return Err(bad(problem, "publish the app again with the checksum of its module"));
    }
    Ok(bytes)
}

/// # Errors
/// [`Error::BadApp`] when the bytes are no core module, or not a valid one.
pub(super) fn check_bytes(engine: &Engine, bytes: &[u8]) -> Result<(), Error> {
    let version = bytes.get(4..8).unwrap_or_default();
    if !bytes.starts_with(MAGIC) || version.len() < 4 {
        return Err(bad("its file is not WebAssembly", BUILD_FOR_WASI));
    }
    if version.ends_with(COMPONENT_LAYER) {
        return Err(bad("its file is a WebAssembly component, not a core module", BUILD_FOR_WASI));
    }
    if version != CORE_VERSION {
        return Err(bad("its file has an unknown version of WebAssembly", BUILD_FOR_WASI));
    }
    Module::validate(engine, bytes).map_err(|reason| {
        tracing::debug!(%reason, "module refused");
        bad(
            "its file is damaged, or uses features that are off here (threads, 64-bit memory, relaxed simd)",
            BUILD_FOR_WASI,
        )
    })
}

/// Connects the module's imports.
///
/// # Errors
/// [`Error::BadApp`] when it imports what nobody gives, or has nothing to start.
pub(super) fn link(linker: &Linker<State>, module: &Module) -> Result<InstancePre<State>, Error> {
    let ready = linker.instantiate_pre(module).map_err(|reason| bad_import(&reason))?;
    check_start(module)?;
    Ok(ready)
}

fn bad_import(reason: &wasmtime::Error) -> Error {
    if let Some(unknown) = reason.downcast_ref::<UnknownImportError>() {
        let problem = format!("it imports `{}::{}`, which nothing here provides", unknown.module(), unknown.name());
        return bad(problem, "use only WASI preview 1: no host functions, sockets or threads");
    }
    tracing::debug!(%reason, "module refused");
    bad("it imports a WASI function under a wrong type", BUILD_FOR_WASI)
}

fn check_start(module: &Module) -> Result<(), Error> {
    match module.get_export("_start") {
        Some(ExternType::Func(start)) if start.params().len() == 0 && start.results().len() == 0 => Ok(()),
        Some(_) => Err(bad("its `_start` is not a function without parameters and results", BUILD_FOR_WASI)),
        None => Err(bad("it has no `_start`: it is a library, not a command", BUILD_FOR_WASI)),
    }
}
