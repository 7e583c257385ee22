//! Wallets on disk: encrypted keystore files (version 3, as Foundry and geth read and write them), one a name.

use std::path::{Path, PathBuf};

use alloy_primitives::Address;
use chain::Wallet;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::{Error, file};

/// Longest name of a wallet.
const MAX_NAME: usize = 64;
/// Largest keystore file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// Most memory that a keystore file may make us use, as the product of scrypt's `n` and `r` (128 bytes each): 1 GiB.
const MAX_SCRYPT_COST: u64 = 1 << 23;
/// Most work of scrypt, as the product of `n`, `r` and `p`: some ten seconds. geth's is 2^21.
const MAX_SCRYPT_WORK: u64 = 1 << 25;
/// Most rounds of PBKDF2: some ten seconds. geth's is 2^18.
const MAX_ROUNDS: u64 = 1 << 24;
/// Bytes of the derived key in every keystore of version 3.
const KEY_LENGTH: u64 = 32;

/// A folder of encrypted wallets.
#[derive(Clone, Debug)]
pub struct Wallets {
    folder: PathBuf,
}

/// A wallet of the folder, still locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// File name.
    pub name: String,
    /// Whose, as the file says; `None` where it does not.
    pub address: Option<Address>,
}

#[derive(Deserialize)]
struct Keystore {
    #[serde(default)]
    address: Option<String>,
    #[serde(alias = "Crypto")]
    crypto: Crypto,
}

#[derive(Deserialize)]
struct Crypto {
    cipher: String,
    #[serde(default)]
    kdfparams: KdfParams,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KdfParams {
    n: u64,
    r: u64,
    p: u64,
    c: u64,
    dklen: u64,
}

impl Wallets {
    /// The wallets in `folder`, which is made on the first write, readable by its owner only.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All wallets, by name.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read; a folder that does not exist is empty.
    pub fn list(&self) -> Result<Vec<Entry>, Error> {
        let files = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(Error::file("read the wallet folder", &self.folder))?,
        };
        let mut entries: Vec<Entry> = files
            .filter_map(Result::ok)
            .filter_map(|file| file.file_name().into_string().ok())
            .filter(|name| !name.starts_with('.'))
            .filter_map(|name| {
                let keystore = self.read(&name).ok()?;
                Some(Entry { address: keystore.address.and_then(|text| text.parse().ok()), name })
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Makes a wallet that nobody had before.
    ///
    /// # Errors
    /// [`Error::Wallet`] for a bad or taken name, [`Error::File`].
    pub fn create(&self, name: &str, password: &str) -> Result<Wallet, Error> {
        let wallet = Wallet::random();
        self.store(name, &wallet, password)?;
        Ok(wallet)
    }

    /// Keeps a wallet under a name. An existing one is never overwritten.
    ///
    /// # Errors
    /// [`Error::Wallet`] for a bad or taken name, [`Error::File`].
    pub fn store(&self, name: &str, wallet: &Wallet, password: &str) -> Result<(), Error> {
        check_name(name)?;
        make_private_folder(&self.folder)?;
        let path = self.folder.join(name);
        if path.exists() {
            let folder = self.folder.display();
            return Err(Error::Wallet(format!("a wallet '{name}' exists in {folder}: choose another name")));
        }
        // Written under a hidden name first, so that a crash leaves no half wallet.
        let partial = format!(".{name}.partial");
        let mut random = rand_old();
        eth_keystore::encrypt_key(&self.folder, &mut random, wallet.to_bytes().as_slice(), password, Some(&partial))
            .map_err(|error| Error::Wallet(format!("cannot write wallet '{name}': {error}")))?;
        let partial = self.folder.join(partial);
        add_address(&partial, wallet.address())?;
        restrict(&partial, 0o600)?;
        std::fs::rename(&partial, &path).map_err(Error::file("write", &path))
    }

    /// Unlocks a wallet.
    ///
    /// # Errors
    /// [`Error::Wallet`]: no such wallet, not a keystore file, or a wrong password.
    pub fn open(&self, name: &str, password: &str) -> Result<Wallet, Error> {
        self.read(name)?;
        open_file(&self.folder.join(name), password)
    }

    /// Copies a keystore file of another program into the folder, under its own password.
    ///
    /// # Errors
    /// Those of [`Wallets::open`] and [`Wallets::store`].
    pub fn import(&self, name: &str, file: &Path, password: &str) -> Result<Wallet, Error> {
        parse(file)?;
        let wallet = open_file(file, password)?;
        self.store(name, &wallet, password)?;
        Ok(wallet)
    }

    fn read(&self, name: &str) -> Result<Keystore, Error> {
        check_name(name)?;
        let path = self.folder.join(name);
        if !path.is_file() {
            let folder = self.folder.display();
            return Err(Error::Wallet(format!(
                "no wallet '{name}' in {folder}: 'fairgrid wallet list' shows what there is, 'fairgrid wallet new {name}' makes one"
            )));
        }
        parse(&path)
    }
}

fn parse(path: &Path) -> Result<Keystore, Error> {
    let not_a_keystore = |why: String| Error::Wallet(format!("{} is not a keystore file: {why}", path.display()));
    let text = file::read(path, MAX_FILE).map_err(|error| not_a_keystore(error.to_string()))?;
    let keystore: Keystore = serde_json::from_slice(&text).map_err(|error| not_a_keystore(error.to_string()))?;
    if keystore.crypto.cipher != "aes-128-ctr" {
        return Err(not_a_keystore(format!("its cipher is '{}', known is aes-128-ctr", keystore.crypto.cipher)));
    }
    let kdf = &keystore.crypto.kdfparams;
    if kdf.n.saturating_mul(kdf.r) > MAX_SCRYPT_COST {
        return Err(not_a_keystore("its key derivation wants more than 1 GiB of memory".to_owned()));
    }
    if kdf.n.saturating_mul(kdf.r).saturating_mul(kdf.p) > MAX_SCRYPT_WORK || kdf.c > MAX_ROUNDS {
        return Err(not_a_keystore("its key derivation would take minutes".to_owned()));
    }
    if kdf.dklen != KEY_LENGTH {
        return Err(not_a_keystore(format!("its derived key has {} bytes where {KEY_LENGTH} are usual", kdf.dklen)));
    }
    Ok(keystore)
}

fn open_file(path: &Path, password: &str) -> Result<Wallet, Error> {
    let key = eth_keystore::decrypt_key(path, password).map_err(|error| match error {
        eth_keystore::KeystoreError::MacMismatch => {
            Error::Wallet(format!("wrong password for wallet {}", path.display()))
        }
        other => Error::Wallet(format!("{} is not a keystore file: {other}", path.display())),
    })?;
    let key = Zeroizing::new(key);
    let bytes: [u8; 32] = key
        .as_slice()
        .try_into()
        .map_err(|_| Error::Wallet(format!("{} holds {} bytes where a key has 32", path.display(), key.len())))?;
    Ok(Wallet::from_bytes(Zeroizing::new(bytes))?)
}

/// The password that opens `folder`'s wallets without asking: for networks that a machine runs for itself. The file
/// is readable by its owner only, as node operators keep theirs.
///
/// # Errors
/// [`Error::File`].
pub fn local_password(folder: &Path) -> Result<Zeroizing<String>, Error> {
    make_private_folder(folder)?;
    let path = folder.join(".password");
    if let Ok(text) = std::fs::read_to_string(&path) {
        return Ok(Zeroizing::new(text.trim().to_owned()));
    }
    let fresh: [u8; 24] = runtime::random::bytes();
    let text = Zeroizing::new(alloy_primitives::hex::encode(fresh));
    let partial = folder.join(".password.partial");
    std::fs::write(&partial, "").map_err(Error::file("write", &partial))?;
    restrict(&partial, 0o600)?;
    std::fs::write(&partial, text.as_bytes()).map_err(Error::file("write", &partial))?;
    std::fs::rename(&partial, &path).map_err(Error::file("write", &path))?;
    Ok(text)
}

fn check_name(name: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let usable = !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && name.chars().all(good);
    if usable {
        return Ok(());
    }
    let shown: String = name.chars().take(MAX_NAME).collect();
    Err(Error::Wallet(format!(
        "'{shown}' cannot name a wallet: use up to {MAX_NAME} letters, digits, '-', '_' and '.', not starting with '.'"
    )))
}

fn add_address(path: &Path, address: Address) -> Result<(), Error> {
    let text = std::fs::read(path).map_err(Error::file("read", path))?;
    let mut keystore: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&text).map_err(|error| Error::Wallet(format!("cannot write a wallet: {error}")))?;
    keystore.insert("address".to_owned(), format!("{address:x}").trim_start_matches("0x").into());
    std::fs::write(path, serde_json::Value::Object(keystore).to_string()).map_err(Error::file("write", path))
}

fn make_private_folder(folder: &Path) -> Result<(), Error> {
    if !folder.is_dir() {
        std::fs::create_dir_all(folder).map_err(Error::file("make the wallet folder", folder))?;
        restrict(folder, 0o700)?;
    }
    Ok(())
}

#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt as _;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).map_err(Error::file("protect", path))
}

#[cfg(not(unix))]
fn restrict(_path: &Path, _mode: u32) -> Result<(), Error> {
    Ok(())
}

/// The random source in the version that the keystore library speaks.
fn rand_old() -> impl rand_keystore::Rng + rand_keystore::CryptoRng {
    rand_keystore::rngs::OsRng
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_made_listed_and_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let wallets = Wallets::at(folder.path().join("wallets"));
        assert_eq!(wallets.list().unwrap(), []);
        let made = wallets.create("alice", "correct horse").unwrap();
        assert_eq!(wallets.open("alice", "correct horse").unwrap().address(), made.address());
        let listed = Entry { name: "alice".to_owned(), address: Some(made.address()) };
        assert_eq!(wallets.list().unwrap(), [listed]);
        let key = alloy_primitives::hex::encode(made.to_bytes().as_slice());
        let file = std::fs::read_to_string(wallets.folder().join("alice")).unwrap();
        assert!(!file.contains(&key), "no key in clear on disk");
    }

    #[test]
    fn wrong_passwords_names_and_files_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let wallets = Wallets::at(folder.path());
        wallets.create("bob", "right").unwrap();
        let text = |error: Error| error.to_string();
        assert!(text(wallets.open("bob", "wrong").unwrap_err()).contains("wrong password"));
        assert!(text(wallets.open("carol", "x").unwrap_err()).contains("no wallet 'carol'"));
        assert!(text(wallets.create("bob", "x").unwrap_err()).contains("exists"));
        for name in ["", "../up", ".hidden", "a/b", &"x".repeat(65)] {
            assert!(text(wallets.create(name, "x").unwrap_err()).contains("cannot name a wallet"), "{name}");
        }
        std::fs::write(folder.path().join("junk"), "{}").unwrap();
        assert!(text(wallets.open("junk", "x").unwrap_err()).contains("not a keystore file"));
        for (kdf, refusal) in [
            (r#""n":1099511627776,"r":8"#, "1 GiB"),
            (r#""n":262144,"r":8,"p":1000000"#, "minutes"),
            (r#""c":4000000000,"dklen":32"#, "minutes"),
            (r#""c":4000,"dklen":4000000000"#, "derived key"),
        ] {
            let greedy = format!(r#"{{"crypto":{{"cipher":"aes-128-ctr","kdfparams":{{{kdf}}}}}}}"#);
            std::fs::write(folder.path().join("greedy"), greedy).unwrap();
            assert!(text(wallets.open("greedy", "x").unwrap_err()).contains(refusal), "{kdf}");
        }
    }

    #[test]
    fn a_file_of_another_program_is_imported() {
        let folder = tempfile::tempdir().unwrap();
        let other = Wallets::at(folder.path().join("other"));
        let made = other.create("theirs", "pw").unwrap();
        let ours = Wallets::at(folder.path().join("ours"));
        let imported = ours.import("mine", &other.folder().join("theirs"), "pw").unwrap();
        assert_eq!(imported.address(), made.address());
        assert!(ours.import("mine2", &folder.path().join("none"), "pw").is_err());
    }

    #[test]
    fn the_local_password_is_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = local_password(folder.path()).unwrap();
        assert_eq!(first.len(), 48);
        assert_eq!(*local_password(folder.path()).unwrap(), *first);
    }
}
