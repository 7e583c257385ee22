//! Archives and bodies that are not what they should be.

use std::sync::Arc;
use std::time::Duration;

use runtime::BoxFuture;
use storage::{Blob, BlobStore, Cid, Content, Error, Format, Stored, Verify};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::world::{NOW, OUTPUT, POOL, TASK, World, archive, token, zipped};

#[tokio::test]
async fn u1_an_archive_with_another_digest_is_refused() {
    World::new().await.refuses(&archive(b"forty-three", b""), 403, "does not prove").await;
}

#[tokio::test]
async fn u2_garbage_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    for (bytes, word) in [
        (Vec::new(), "bad archive"),
        (vec![7; 100_000], "bad archive"),
        (archive(OUTPUT, b"")[..50].to_vec(), "bad archive"),
        (zipped(&[("result.txt", OUTPUT)]), "computed.json"),
        (zipped(&[("../computed.json", OUTPUT)]), "path"),
    ] {
        world.refuses(&bytes, 400, word).await;
    }
}

#[tokio::test]
async fn u2_a_bomb_is_refused_and_leaves_nothing() {
    let world = World::new().await;
    let bomb = archive(&vec![0; (64 << 20) + 1], b"");
    assert!(bomb.len() < 1 << 20, "it looks small: {}", bomb.len());
    world.refuses(&bomb, 413, "unpacked").await;
}

#[tokio::test]
async fn u2_too_large_a_body_is_refused_announced_or_not() {
    let world = World::with(|config| config.max_archive = 100_000, None).await;
    world.refuses(&vec![1; 3 << 20], 413, "100000 bytes").await;
    let mut socket = begin(&world, 100_001).await;
    assert_eq!(status(&mut socket).await, "413");
    world.holds_nothing().await;
}

#[tokio::test]
async fn u2_an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let mut socket = begin(&world, 1 << 20).await;
    socket.write_all(&[7; 5_000]).await.unwrap();
    until(|| world.in_progress() == 1).await;
    drop(socket);
    world.holds_nothing().await;
    world.upload(&world.winner, &archive(OUTPUT, b"")).await.unwrap();
}

#[tokio::test]
async fn u2_a_body_that_falls_silent_is_given_up() {
    let world = World::new().await;
    let mut socket = begin(&world, 1 << 20).await;
    until(|| world.in_progress() == 1).await;
    // The token stays valid: only the silence is too long.
    let answer = async { status(&mut socket).await };
    let turn = async {
        loop {
            world.clock.advance(Duration::from_secs(31));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        code = answer => assert_eq!(code, "400"),
        () = turn => {}
    }
    world.holds_nothing().await;
}

#[tokio::test]
async fn one_worker_cannot_hold_more_uploads_than_its_share() {
    let world = World::with(|config| config.parallel_of_worker = 1, None).await;
    let _first = begin(&world, 1 << 20).await;
    until(|| world.in_progress() == 1).await;
    let second = world.upload(&world.winner, &archive(OUTPUT, b"")).await;
    super::world::refused(second, 503, "too many uploads");
}

#[tokio::test]
async fn u2_a_full_disk_is_named_and_leaves_nothing() {
    let world = World::with(|_| {}, Some(Arc::new(FullDisk))).await;
    world.refuses(&archive(OUTPUT, b""), 503, "disk is full").await;
}

#[tokio::test]
async fn what_a_killed_process_left_is_swept_and_nothing_else() {
    let world = World::new().await;
    std::fs::write(world.uploads().join("upload-abc"), b"half").unwrap();
    std::fs::write(world.uploads().join("mine"), b"kept").unwrap();
    let world = world.restarted().await;
    assert!(!world.uploads().join("upload-abc").exists());
    assert!(world.uploads().join("mine").exists());
}

/// Sends the head of an upload of `size` bytes.
async fn begin(world: &World, size: usize) -> TcpStream {
    let header = token(&world.winner, POOL, NOW + 600).to_header();
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let head = format!(
        "PUT /v1/results/{TASK} HTTP/1.1\r\nHost: x\r\nAuthorization: {header}\r\nContent-Length: {size}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket
}

async fn status(socket: &mut TcpStream) -> String {
    let mut start = [0; 12];
    socket.read_exact(&mut start).await.unwrap();
    String::from_utf8_lossy(&start[9..]).into_owned()
}

async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// A store without room.
struct FullDisk;

impl BlobStore for FullDisk {
    fn put<'a>(&'a self, _: Content<'a>, _: Format, _: u64) -> BoxFuture<'a, Result<Stored, Error>> {
        Box::pin(async { Err(Error::Full { path: "blobs".into() }) })
    }

    fn get<'a>(&'a self, cid: &'a Cid, _: Verify) -> BoxFuture<'a, Result<Blob, Error>> {
        Box::pin(async { Err(Error::NotFound { what: cid.to_string() }) })
    }

    fn has<'a>(&'a self, _: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }

    fn remove<'a>(&'a self, _: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { Ok(false) })
    }
}
