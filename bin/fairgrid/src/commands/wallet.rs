//! `fairgrid wallet`: encrypted keystore files.

use sdk::{Error, Outcome};
use serde_json::json;
use zeroize::Zeroizing;

use super::Context;
use crate::cli::{Password, WalletVerb};

/// Shortest password of a new wallet.
const MIN_PASSWORD: usize = 8;

/// Runs the command.
pub(crate) fn run(context: &Context<'_>, verb: &WalletVerb) -> anyhow::Result<Outcome> {
    let wallets = context.wallets();
    match verb {
        WalletVerb::New { name, password } => {
            let password = new_password(context, password)?;
            let wallet = wallets.create(name, &password)?;
            tell(context, name, wallet.address());
        }
        WalletVerb::Import { name, file, password } => {
            let password = context.password(password, &format!("password of {}", file.display()))?;
            let wallet = wallets.import(name, file, &password)?;
            tell(context, name, wallet.address());
        }
        WalletVerb::List => {
            for entry in wallets.list()? {
                let address = entry.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
                let fields = json!({ "name": entry.name, "address": entry.address });
                context.printer.result("wallet", fields, format!("{address}  {}", entry.name));
            }
        }
    }
    Ok(Outcome::Success)
}

fn new_password(context: &Context<'_>, options: &Password) -> anyhow::Result<Zeroizing<String>> {
    let password = context.password(options, "password of the new wallet")?;
    if password.len() < MIN_PASSWORD {
        let why = format!("the password has {} characters: use at least {MIN_PASSWORD}", password.len());
        return Err(Error::Wallet(why).into());
    }
    Ok(password)
}

fn tell(context: &Context<'_>, name: &str, address: alloy_primitives::Address) {
    context.printer.result("wallet", json!({ "name": name, "address": address }), format!("{address}  {name}"));
}
