//! The chain on disk: what survives a stop, a kill and a wrong folder.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::world::{World, call, provider, valueCall};
use alloy::primitives::{B256, U256};
use alloy::providers::Provider as _;
use alloy::rpc::types::TransactionRequest;
use devnet::{Config, Durability, Error, Node};
use runtime::{Stopper, SystemClock};

/// Tells the copy of this program that shall be killed where its chain lies.
const FOLDER: &str = "FAIRGRID_TEST_KILLED_CHAIN";

fn on_disk(folder: &Path) -> Config {
    Config { data: Some(folder.into()), ..crate::world::config() }
}

async fn hashes(world: &World) -> Vec<B256> {
    let head = world.provider.get_block_number().await.unwrap();
    let mut hashes = Vec::new();
    for number in 0..=head {
        hashes.push(world.provider.get_block(number.into()).await.unwrap().unwrap().header.hash);
    }
    hashes
}

#[tokio::test]
async fn a_restart_continues_the_same_chain_with_its_history() {
    let folder = tempfile::tempdir().unwrap();
    for fsync in [Durability::Within, Durability::EveryBlock] {
        let folder = folder.path().join(format!("{fsync:?}"));
        let config = || Config { fsync, ..on_disk(&folder) };
        let world = World::with(config()).await;
        let probe = world.deploy().await;
        world.set(probe, 10).await;
        let last = world.set(probe, 20).await;
        let before = hashes(&world).await;
        world.stop().await;

        let world = World::with(config()).await;
        assert_eq!(hashes(&world).await, before);
        let again = world.provider.get_transaction_receipt(last.transaction_hash).await.unwrap().unwrap();
        assert_eq!(again, last);
        for (block, value) in [(2, 10), (3, 20)] {
            let read = world.provider.call(call(probe, valueCall {})).block(block.into()).await.unwrap();
            assert_eq!(U256::from_be_slice(&read), U256::from(value));
        }
        assert_eq!(world.set(probe, 30).await.block_number, Some(4));
        world.stop().await;
    }
}

#[tokio::test]
async fn a_folder_in_use_another_chain_and_a_damaged_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let start = |config| Node::start(config, SystemClock::shared(), Stopper::new().stop());
    let world = World::with(on_disk(folder.path())).await;
    let locked = start(on_disk(folder.path())).await.unwrap_err();
    assert!(matches!(&locked, Error::Locked { .. }), "{locked:?}");
    assert!(locked.to_string().contains(&folder.path().display().to_string()));
    world.stop().await;
    let other = start(Config { chain_id: 7, ..on_disk(folder.path()) }).await.unwrap_err();
    assert!(matches!(other, Error::OtherChain { found: 65_535, asked: 7, .. }), "{other:?}");
    let file = folder.path().join("chain.redb");
    let good = std::fs::read(&file).unwrap();
    for bad in [vec![0x5a; 8192], good[..good.len() / 3].to_vec(), b"short".to_vec(), half_zero(&good)] {
        std::fs::write(&file, bad).unwrap();
        let corrupt = start(on_disk(folder.path())).await.unwrap_err();
        assert!(matches!(corrupt, Error::Corrupt { .. }), "{corrupt:?}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let denied = start(on_disk(file.path())).await.unwrap_err();
    assert!(matches!(denied, Error::Disk { .. }), "{denied:?}");
}

fn half_zero(good: &[u8]) -> Vec<u8> {
    let mut bad = good.to_vec();
    bad[good.len() / 1024..].fill(0);
    bad
}

/// Not a test by itself: the chain that the next test kills. Returns at once unless that test started it.
#[tokio::test(flavor = "multi_thread")]
async fn a_chain_to_be_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let world = World::with(on_disk(Path::new(&folder))).await;
    let url = Path::new(&folder).join("url");
    std::fs::write(url.with_extension("new"), world.node.url()).unwrap();
    std::fs::rename(url.with_extension("new"), url).unwrap();
    std::future::pending().await
}

fn start_child(folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "restart::a_chain_to_be_killed"]).env(FOLDER, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

async fn url_of(folder: &Path) -> String {
    loop {
        if let Ok(url) = std::fs::read_to_string(folder.join("url")) {
            std::fs::remove_file(folder.join("url")).unwrap();
            return url;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn killed_while_sending_a_restart_finds_a_prefix_and_goes_on() {
    runtime::tls::install();
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3_u32 {
        let mut child = start_child(folder.path());
        let client = provider(&url_of(folder.path()).await);
        let me = crate::world::rich().address();
        let mut seen = Vec::new();
        while seen.len() < 40 * round as usize {
            let receipt = client.send_transaction(TransactionRequest::default().to(me)).await.unwrap();
            let receipt = receipt.get_receipt().await.unwrap();
            seen.push((receipt.block_number.unwrap(), receipt.block_hash.unwrap()));
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let world = World::with(on_disk(folder.path())).await;
        let kept = hashes(&world).await;
        for (number, hash) in &seen {
            assert!(kept.get(*number as usize).is_none_or(|kept| kept == hash), "round {round}, block {number}");
        }
        let nonce = world.provider.get_transaction_count(me).await.unwrap();
        assert_eq!(nonce, kept.len() as u64 - 1, "one transaction a block");
        let next = world.send(TransactionRequest::default().to(me)).await;
        assert_eq!(next.block_number, Some(kept.len() as u64));
        world.stop().await;
    }
}
