//! A chain to try clients against: `cargo run -p fairgrid-devnet --example node -- [FOLDER]`.
//!
//! Prints its URL as the first line. Its one funded account has the private key `0x01…01` (32 times the same byte).

use std::io::Write as _;

use alloy::primitives::{U256, address};
use devnet::{Config, Node};
use runtime::{Stopper, SystemClock, telemetry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    telemetry::init(telemetry::Format::Text, "info");
    let mut config =
        Config { data: std::env::args_os().nth(1).map(Into::into), test_methods: true, ..Config::default() };
    let rich = address!("1a642f0E3c3aF545E7AcBD38b07251B3990914F1");
    config.genesis.balances.push((rich, U256::from(10).pow(U256::from(24))));
    let stopper = Stopper::new();
    let node = Node::start(config, SystemClock::shared(), stopper.stop()).await?;
    writeln!(std::io::stdout(), "{}", node.url())?;
    tokio::signal::ctrl_c().await?;
    stopper.request();
    node.join().await;
    Ok(())
}
