//! What is no module is refused in the same words everywhere; what was compiled is kept, and never trusted blindly.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use runtime::SystemClock;

use super::wasm::{app, sandbox};
use crate::testing::Bench;
use crate::{Error, Outcome, Wasm, WasmConfig};

/// `(module (func (export "_start")))`
const DOES_NOTHING: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x07\x0a\x01\x06_start\0\0\x0a\x04\x01\x02\0\x0b";
/// `(module (import "env" "gpu" (func)))`
const WANTS_GPU: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0b\x01\x03env\x03gpu\0\0";
/// `(module (import "wasi_snapshot_preview1" "fd_close" (func)))`
const WRONG_TYPE: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x23\x01\x16wasi_snapshot_preview1\x08fd_close\0\0";

fn file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

async fn refusal(content: &[u8]) -> String {
    let file = file(content);
    match Bench::new(app(file.path()), &[]).run(&sandbox()).await {
        Err(error @ Error::BadApp { .. }) => error.to_string(),
        other => panic!("{content:?} gave {other:?}"),
    }
}

#[tokio::test]
async fn a_refused_module_is_told_what_is_wrong_and_what_next() {
    const BUILD: &str = "; next: build a command module for WASI preview 1 (`wasm32-wasip1`)";
    let cases: [(&[u8], &str); 7] = [
        (b"#!/bin/sh", "app cannot run: its file is not WebAssembly"),
        (b"", "app cannot run: its file is not WebAssembly"),
        (b"\0asm\x0d\0\x01\0", "app cannot run: its file is a WebAssembly component, not a core module"),
        (b"\0asm\x02\0\0\0", "app cannot run: its file has an unknown version of WebAssembly"),
        (
            b"\0asm\x01\0\0\0garbage",
            "app cannot run: its file is damaged, or uses features that are off here (threads, 64-bit memory, relaxed simd)",
        ),
        (b"\0asm\x01\0\0\0", "app cannot run: it has no `_start`: it is a library, not a command"),
        (WRONG_TYPE, "app cannot run: it imports a WASI function under a wrong type"),
    ];
    for (content, problem) in cases {
        assert_eq!(refusal(content).await, format!("{problem}{BUILD}"));
    }
    assert_eq!(
        refusal(WANTS_GPU).await,
        "app cannot run: it imports `env::gpu`, which nothing here provides; next: use only WASI preview 1: no host \
         functions, sockets or threads"
    );
}

#[tokio::test]
async fn a_module_other_than_the_one_sold_is_refused() {
    let (sold, sent) = (file(DOES_NOTHING), file(WANTS_GPU));
    let mut swapped = app(sold.path());
    if let crate::App::Wasm { path, .. } = &mut swapped {
        *path = sent.path().to_owned();
    }
    let error = Bench::new(swapped, &[]).run(&sandbox()).await.unwrap_err();
    assert!(error.is_the_apps_fault() && error.to_string().contains("sha-256"), "{error}");
}

#[tokio::test]
async fn a_module_too_large_is_refused_unread() {
    let large = tempfile::NamedTempFile::new().unwrap();
    large.as_file().set_len((64 << 20) + 1).unwrap();
    let app = crate::App::Wasm { path: large.path().to_owned(), digest: [0; 32] };
    let error = Bench::new(app, &[]).run(&sandbox()).await.unwrap_err();
    assert!(error.to_string().contains("more than 64 MiB"), "{error}");
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

async fn runs(cache: &Path) {
    let sandbox = Wasm::new(&WasmConfig { cache: Some(cache.to_owned()) }, SystemClock::shared()).unwrap();
    let module = file(DOES_NOTHING);
    let exit = Bench::new(app(module.path()), &[]).run(&sandbox).await.unwrap();
    assert_eq!(exit.outcome, Outcome::Exited { code: 0 });
}

#[tokio::test]
async fn a_compiled_module_is_kept_privately_and_a_damaged_one_is_compiled_again() {
    let around = tempfile::tempdir().unwrap();
    let cache = around.path().join("cache");
    runs(&cache).await;
    assert_eq!(std::fs::metadata(&cache).unwrap().permissions().mode() & 0o777, 0o700);
    let [entry] = &entries(&cache)[..] else { panic!("one module, one entry") };
    assert_eq!(std::fs::metadata(entry).unwrap().permissions().mode() & 0o077, 0);
    let good = std::fs::read(entry).unwrap();
    for damaged in
        [good[..good.len() - 1].to_vec(), vec![], vec![0; 100], [&good[..40], &[!good[40]], &good[41..]].concat()]
    {
        std::fs::write(entry, damaged).unwrap();
        runs(&cache).await;
        assert_eq!(std::fs::read(entry).unwrap(), good, "compiled and kept again");
    }
}

#[tokio::test]
async fn a_kept_module_is_used_again() {
    let around = tempfile::tempdir().unwrap();
    let cache = around.path().join("cache");
    runs(&cache).await;
    let written = |path: &Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let before = written(&entries(&cache)[0]);
    runs(&cache).await;
    assert_eq!(entries(&cache).len(), 1);
    assert_eq!(written(&entries(&cache)[0]), before);
}
