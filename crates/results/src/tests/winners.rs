//! What winners get, and who is none.

use api::results::Stored;
use chain::Wallet;
use protocol::task::{ContributionStatus, Phase};
use protocol::{Address, ResultDigest};
use storage::address;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::world::{NOW, OUTPUT, POOL, TASK, World, archive, consensus_on, refused, token, zipped};

fn cid(stored: &Stored) -> storage::Cid {
    address::parse(&stored.cid).unwrap()
}

#[tokio::test]
async fn u1_a_winners_archive_is_stored_under_its_content_address_and_survives_a_restart() {
    let world = World::new().await;
    let bytes = archive(OUTPUT, b"");
    assert_eq!(world.client.stored(TASK).await.unwrap(), None);
    let stored = world.upload(&world.winner, &bytes).await.unwrap();
    assert_eq!(stored.link, format!(r#"{{ "storage": "ipfs", "location": "/ipfs/{}" }}"#, stored.cid));
    assert!(stored.cid.starts_with("Qm"), "{}", stored.cid);
    assert_eq!(storage::testing::read(world.blobs.as_ref(), &cid(&stored)).await.unwrap(), bytes);
    assert_eq!(world.in_progress(), 0);
    let world = world.restarted().await;
    assert_eq!(world.client.stored(TASK).await.unwrap(), Some(stored));
}

#[tokio::test]
async fn u3_a_second_winner_is_answered_what_is_stored_and_its_body_is_not_waited_for() {
    let world = World::new().await;
    let stored = world.upload(&world.winner, &archive(OUTPUT, b"")).await.unwrap();
    let second = Wallet::random();
    world.facts(|facts| {
        facts.contributions.insert(second.address(), ContributionStatus::Proved);
        facts.phase = Phase::Completed { consensus: consensus_on(super::world::digest(OUTPUT)) };
    });
    let other = archive(OUTPUT, &vec![1; 3 << 20]);
    assert_eq!(world.upload(&second, &other).await.unwrap(), stored);
    // A body that never comes.
    let mut socket = tokio::net::TcpStream::connect(world.address).await.unwrap();
    let header = token(&second, POOL, NOW + 600).to_header();
    let head = format!(
        "PUT /v1/results/{TASK} HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\nContent-Length: 9999999\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 15];
    socket.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
}

#[tokio::test]
async fn u3_of_winners_at_the_same_time_the_first_counts_for_all() {
    let world = World::new().await;
    let token = token(&world.winner, POOL, NOW + 600);
    let uploads = (0..4_u8).map(|note| {
        let path = world.folder.path().join(format!("{note}.zip"));
        std::fs::write(&path, archive(OUTPUT, &[note])).unwrap();
        let (client, token) = (&world.client, &token);
        async move { client.upload(token, TASK, tokio::fs::File::open(&path).await.unwrap()).await.unwrap() }
    });
    let answers = futures_util::future::join_all(uploads).await;
    let stored = world.client.stored(TASK).await.unwrap().unwrap();
    assert!(answers.iter().all(|answer| *answer == stored), "{answers:?}");
}

#[tokio::test]
async fn u4_a_removed_blob_is_not_told_and_may_be_uploaded_again() {
    let world = World::new().await;
    let bytes = archive(OUTPUT, b"");
    let stored = world.upload(&world.winner, &bytes).await.unwrap();
    assert!(storage::BlobStore::remove(world.blobs.as_ref(), &cid(&stored)).await.unwrap());
    assert_eq!(world.client.stored(TASK).await.unwrap(), None);
    assert_eq!(world.upload(&world.winner, &bytes).await.unwrap(), stored);
    assert_eq!(world.client.stored(TASK).await.unwrap(), Some(stored));
}

#[tokio::test]
async fn only_who_revealed_may_upload() {
    let world = World::new().await;
    let stranger = Wallet::random();
    let bytes = archive(OUTPUT, &vec![1; 3 << 20]);
    refused(world.upload(&stranger, &bytes).await, 403, "only winners");
    for status in [ContributionStatus::Contributed, ContributionStatus::Rejected] {
        world.facts(|facts| {
            facts.contributions.insert(stranger.address(), status);
        });
        refused(world.upload(&stranger, &bytes).await, 403, "only winners");
    }
    world.holds_nothing().await;
}

#[tokio::test]
async fn a_token_that_expired_or_is_for_another_pool_is_refused() {
    let world = World::new().await;
    let bytes = archive(OUTPUT, b"");
    refused(world.upload_as(&token(&world.winner, POOL, NOW - 1), &bytes).await, 401, "expired");
    let elsewhere = token(&world.winner, Address::repeat_byte(9), NOW + 600);
    refused(world.upload_as(&elsewhere, &bytes).await, 401, "not signed by");
    world.holds_nothing().await;
}

#[tokio::test]
async fn tasks_of_other_pools_and_tasks_that_are_not_revealing_are_refused() {
    let world = World::new().await;
    for phase in [Phase::Active, Phase::Failed] {
        world.facts(|facts| facts.phase = phase);
        world.refuses(&archive(OUTPUT, b""), 409, phase.name()).await;
    }
    world.facts(|facts| facts.deal.workerpool.pointer = Address::repeat_byte(9));
    world.refuses(&archive(OUTPUT, b""), 403, "belongs to workerpool").await;
}

#[tokio::test]
async fn a_callbacks_archive_is_proved_by_its_callback_data() {
    let world = World::new().await;
    let contract = Address::repeat_byte(0xca);
    world.facts(|facts| {
        facts.deal.callback = contract;
        let consensus = consensus_on(ResultDigest(alloy_primitives::keccak256([0xbe, 0xef])));
        facts.phase = Phase::Completed { consensus };
    });
    world.refuses(&archive(OUTPUT, b""), 400, "callback-data").await;
    let bytes = zipped(&[("computed.json", br#"{"callback-data":"0xbeef"}"#)]);
    let stored = world.upload(&world.winner, &bytes).await.unwrap();
    assert_eq!(stored.link, format!(r#"{{ "storage": "ethereum", "location": "{contract}" }}"#));
}
