//! Machine code kept between runs, so that a module is compiled once per machine and engine version.
//!
//! Loading machine code is trusting it with this process. So the folder is private to this user, an entry opens with
//! the SHA-256 of the rest, and whatever does not fit is compiled again. Nobody else may write here.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use wasmtime::{Engine, Module};

use crate::Error;

/// Entries kept; the one unused for longest goes first.
const MOST_ENTRIES: usize = 64;
const DIGEST: usize = 32;

/// A folder of compiled modules.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// # Errors
    /// [`Error::Machine`] when the folder cannot be made, or belongs to another user.
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(Error::machine("create the module cache", folder))?;
        check_owner(folder).map_err(Error::machine("trust the module cache", folder))?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The compiled form of `wasm`, which has the SHA-256 `digest`, from the cache or made now.
    ///
    /// # Errors
    /// [`Error::BadApp`] when it does not compile. A cache that cannot be read or written costs time only.
    pub(super) fn module(&self, engine: &Engine, wasm: &[u8], digest: &[u8; 32]) -> Result<Module, Error> {
        let path = self.folder.join(entry_name(engine, digest));
        if let Some(module) = load(engine, &path) {
            return Ok(module);
        }
        let module = compile(engine, wasm)?;
        if let Err(cause) = module.serialize().map_err(std::io::Error::other).and_then(|code| self.store(&path, &code))
        {
            tracing::warn!(path = %path.display(), %cause, "compiled module not kept: the next run compiles again");
        }
        Ok(module)
    }

    fn store(&self, path: &Path, code: &[u8]) -> std::io::Result<()> {
        self.make_room()?;
        let mut entry = tempfile::NamedTempFile::new_in(&self.folder)?; // readable by this user alone
        entry.write_all(&Sha256::digest(code))?;
        entry.write_all(code)?;
        entry.as_file().sync_all()?;
        entry.persist(path)?;
        Ok(())
    }

    fn make_room(&self) -> std::io::Result<()> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            entries.push((entry.metadata()?.modified()?, entry.path()));
        }
        entries.sort();
        let excess = (entries.len() + 1).saturating_sub(MOST_ENTRIES);
        entries.iter().take(excess).try_for_each(|(_, path)| std::fs::remove_file(path))
    }
}

/// Compiles without a cache.
///
/// # Errors
/// [`Error::BadApp`]: the module passed validation, but is beyond what the engine takes.
pub(super) fn compile(engine: &Engine, wasm: &[u8]) -> Result<Module, Error> {
    Module::new(engine, wasm).map_err(|reason| {
        tracing::debug!(%reason, "module refused");
        let problem = "its module is beyond what the engine can compile (number or size of functions)".to_owned();
        Error::BadApp { problem, next: "split its largest functions, or build with optimisation for size" }
    })
}

fn entry_name(engine: &Engine, digest: &[u8; 32]) -> String {
    let mut version = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut version);
    format!("{:016x}-{}.code", version.finish(), hex::encode(digest))
}

fn load(engine: &Engine, path: &Path) -> Option<Module> {
    let entry = std::fs::read(path).ok()?;
    let (digest, code) = entry.split_at_checked(DIGEST)?;
    if Sha256::digest(code).as_slice() != digest {
        tracing::warn!(path = %path.display(), "damaged entry of the module cache: compiling again");
        return None;
    }
    deserialize(engine, code).inspect_err(|reason| tracing::debug!(%reason, "old entry of the module cache")).ok()
}

#[expect(unsafe_code, reason = "the only way to load machine code; the folder is private and the bytes are checked")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Module> {
    // SAFETY: `code` was written by `store`, from this engine's own `serialize`: the folder belongs to this user and
    // is closed to all others (`check_owner`), and the digest in front of the entry fits.
    unsafe { Module::deserialize(engine, code) }
}

/// The folder must be ours, and nobody else may look in or write.
fn check_owner(folder: &Path) -> std::io::Result<()> {
    let ours = tempfile::NamedTempFile::new_in(folder)?.as_file().metadata()?.uid();
    let found = std::fs::metadata(folder)?;
    if found.uid() != ours {
        return Err(std::io::Error::other("it belongs to another user"));
    }
    if found.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
