//! The wallets of a local network: encrypted files in its folder, or random ones for a network that will be forgotten.

use std::path::Path;

use chain::Wallet;
use sdk::wallets::{Wallets, local_password};
use zeroize::Zeroizing;

/// Where a local network's wallets come from.
pub(crate) enum Keys {
    /// Encrypted files that stay.
    Folder {
        /// The files.
        wallets: Wallets,
        /// What opens them.
        password: Zeroizing<String>,
    },
    /// Random keys that are gone with the process.
    Forgotten,
}

impl Keys {
    /// The wallets in `folder`, opened by the folder's own password.
    ///
    /// # Errors
    /// When the folder or its password file cannot be used.
    pub(crate) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        let password = local_password(folder)?;
        Ok(Self::Folder { wallets: Wallets::at(folder), password })
    }

    /// The wallet of a role, made at the first call.
    ///
    /// # Errors
    /// When the file cannot be opened or written.
    pub(crate) fn wallet(&self, name: &str) -> anyhow::Result<Wallet> {
        match self {
            Self::Forgotten => Ok(Wallet::random()),
            Self::Folder { wallets, password } => {
                let exists = wallets.list()?.iter().any(|entry| entry.name == name);
                if exists { Ok(wallets.open(name, password)?) } else { Ok(wallets.create(name, password)?) }
            }
        }
    }
}
