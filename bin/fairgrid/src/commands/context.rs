//! What every verb needs: the home folder, the network, the wallet, the stop signal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use chain::Wallet;
use runtime::{Clock, Stop, Stopper, SystemClock};
use sdk::wallets::Wallets;
use sdk::{Account, Error, Network, Session};
use tokio::signal::unix::{SignalKind, signal};
use url::Url;
use zeroize::Zeroizing;

use crate::cli::{Cli, Password, Where, Who};
use crate::show::Printer;

/// Name of the network file in the home folder.
pub(crate) const NETWORK_FILE: &str = "network.json";

/// Largest password file, in bytes.
const MAX_PASSWORD_FILE: u64 = 4_096;

/// What every verb needs.
pub(crate) struct Context<'a> {
    /// Where output goes.
    pub(crate) printer: &'a Printer,
    /// Thrown by Ctrl-C and by a polite kill.
    pub(crate) stop: Stop,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    home: PathBuf,
}

impl<'a> Context<'a> {
    /// The context of one command.
    pub(crate) fn new(cli: &Cli, printer: &'a Printer, stop: Stop) -> Self {
        Self { printer, stop, clock: SystemClock::shared(), home: cli.home.clone() }
    }

    /// The home folder.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The wallets of the home folder.
    pub(crate) fn wallets(&self) -> Wallets {
        Wallets::at(self.home.join("wallets"))
    }

    /// The network that `place` and the home folder name.
    pub(crate) fn network(&self, place: &Where) -> Result<Network, Error> {
        let path = place.network.clone().unwrap_or_else(|| self.home.join(NETWORK_FILE));
        let given = (place.rpc.clone(), place.hub, place.market.clone());
        if let (Some(rpc), Some(hub), Some(market)) = given {
            let gateway = place.gateway.clone().unwrap_or_else(|| market.clone());
            return Ok(Network { rpc, hub, market, gateway, pool: place.pool.clone(), catalogue: Vec::new() });
        }
        if !path.exists() {
            return Err(Error::Network(format!(
                "no network is known: {} does not exist. Start one with 'fairgrid up', or name one with --rpc, --hub \
                 and --market",
                path.display()
            )));
        }
        let mut network = Network::read(&path)?;
        let replace = |place: &Option<Url>, url: &mut Url| {
            if let Some(given) = place {
                *url = given.clone();
            }
        };
        replace(&place.rpc, &mut network.rpc);
        replace(&place.market, &mut network.market);
        replace(&place.gateway, &mut network.gateway);
        network.hub = place.hub.unwrap_or(network.hub);
        network.pool = place.pool.clone().or(network.pool);
        Ok(network)
    }

    /// A connection to that network.
    pub(crate) async fn session(&self, place: &Where) -> Result<Session, Error> {
        Session::connect(self.network(place)?, Arc::clone(&self.clock)).await
    }

    /// The wallet that `who` names, unlocked.
    pub(crate) fn wallet(&self, who: &Who) -> anyhow::Result<Wallet> {
        self.unlock(&who.account, &who.password)
    }

    /// A wallet by name, unlocked.
    pub(crate) fn unlock(&self, name: &str, password: &Password) -> anyhow::Result<Wallet> {
        let wallets = self.wallets();
        // A missing wallet is told before a password is asked for.
        if !wallets.list()?.iter().any(|entry| entry.name == name) {
            wallets.open(name, "")?;
        }
        let password = self.password(password, &format!("password of wallet '{name}'"))?;
        Ok(wallets.open(name, &password)?)
    }

    /// The account that `who` names, connected.
    pub(crate) async fn account(&self, session: &Session, who: &Who) -> anyhow::Result<Account> {
        let wallet = self.wallet(who)?;
        Ok(Account::open(session, wallet, &self.home.join("accounts"), &self.stop).await?)
    }

    /// A password: from the file, the environment, the local network's own file, or the terminal.
    pub(crate) fn password(&self, options: &Password, prompt: &str) -> anyhow::Result<Zeroizing<String>> {
        if let Some(path) = &options.password_file {
            return first_line(path);
        }
        if let Ok(password) = std::env::var("FAIRGRID_PASSWORD") {
            return Ok(Zeroizing::new(password));
        }
        let local = self.home.join("wallets").join(".password");
        if local.exists() {
            return first_line(&local);
        }
        let asked = rpassword::prompt_password(format!("{prompt}: "));
        let asked = asked.map_err(|_| {
            Error::Wallet(
                "no password: give --password-file FILE, set FAIRGRID_PASSWORD, or run this in a terminal".to_owned(),
            )
        })?;
        Ok(Zeroizing::new(asked))
    }
}

fn first_line(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let refuse = |why: String| Error::Wallet(format!("cannot use the password file {}: {why}", path.display()));
    let bytes = sdk::file::read(path, MAX_PASSWORD_FILE).map_err(|error| refuse(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("it is not text".to_owned()))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Throws the switch at Ctrl-C or a polite kill; a second one ends the process at once.
pub(crate) async fn watch_signals(stopper: Stopper) {
    if let Err(error) = watch(&stopper).await {
        tracing::warn!(%error, "signals cannot be watched: stop this program with kill");
    }
}

async fn watch(stopper: &Stopper) -> anyhow::Result<()> {
    let mut interrupts = signal(SignalKind::interrupt()).context("cannot watch for Ctrl-C")?;
    let mut terminations = signal(SignalKind::terminate()).context("cannot watch for a polite kill")?;
    for forced in [false, true] {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
        if forced {
            // Everything that matters is on disk before it is done: ending here loses nothing.
            std::process::exit(130);
        }
        stopper.request();
    }
    Ok(())
}
