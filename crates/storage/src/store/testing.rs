//! The contract of [`BlobStore`], as checks that run on any store. For tests: each check panics with what was broken.

use std::io::Cursor;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncSeekExt as _, ReadBuf};

use super::{BlobStore, Content, Verify};
use crate::unixfs::{Format, address_of};
use crate::{Address, Error};

/// Runs the whole contract on `store`, which may hold other blobs and is left as it was.
///
/// # Panics
/// When the store breaks the contract.
pub async fn suite(store: &dyn BlobStore) {
    what_was_put_is_found_by_every_cid_of_its_multihash(store).await;
    a_blob_over_the_limit_is_refused_whole(store).await;
    a_failing_source_leaves_nothing(store).await;
    a_put_that_is_dropped_half_way_leaves_nothing(store).await;
    removed_is_gone_and_missing_is_said(store).await;
    a_reader_seeks(store).await;
}

/// Content from bytes in memory.
#[must_use]
pub fn content(bytes: &[u8]) -> Content<'_> {
    Box::pin(Cursor::new(bytes))
}

/// Everything `store` has under `cid`, verified.
///
/// # Errors
/// As [`BlobStore::get`].
pub async fn read(store: &dyn BlobStore, cid: &cid::Cid) -> Result<Vec<u8>, Error> {
    let mut blob = store.get(cid, Verify::Yes).await?;
    let mut bytes = Vec::new();
    blob.reader.read_to_end(&mut bytes).await.map_err(Error::Source)?;
    assert_eq!(blob.size, bytes.len() as u64, "the size told is the size read");
    Ok(bytes)
}

fn sample(seed: u8, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 241) as u8 ^ seed).collect()
}

async fn what_was_put_is_found_by_every_cid_of_its_multihash(store: &dyn BlobStore) {
    for format in Format::ALL {
        for bytes in [Vec::new(), sample(1, 11), sample(2, 600_000)] {
            let stored = store.put(content(&bytes), format, 1 << 20).await.expect("put");
            assert_eq!(stored, address_of(format, &bytes).expect("address"), "the address is the format's");
            let again = store.put(content(&bytes), format, 1 << 20).await.expect("putting again succeeds");
            assert_eq!(again, stored);
            let address = Address::of(&stored.cid).expect("address");
            for cid in [stored.cid, address.v0(), address.v1(0x55), address.v1(0x70)] {
                assert!(store.has(&cid).await.expect("has"), "{cid} is there");
                assert_eq!(read(store, &cid).await.expect("get"), bytes, "{cid} has the bytes");
            }
            assert!(store.remove(&address.v1(0x55)).await.expect("remove"), "any cid removes it");
            assert!(!store.has(&stored.cid).await.expect("has"));
        }
    }
}

async fn a_blob_over_the_limit_is_refused_whole(store: &dyn BlobStore) {
    let bytes = sample(3, 1_000);
    let error = store.put(content(&bytes), Format::V0, 999).await.expect_err("over the limit");
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    // Nor is the part that was within the limit there.
    for part in [&bytes[..], &bytes[..999]] {
        let cid = address_of(Format::V0, part).expect("address").cid;
        assert!(!store.has(&cid).await.expect("has"));
    }
    let stored = store.put(content(&bytes), Format::V0, 1_000).await.expect("exactly the limit");
    assert!(store.remove(&stored.cid).await.expect("remove"));
}

async fn a_failing_source_leaves_nothing(store: &dyn BlobStore) {
    let bytes = sample(4, 70_000);
    let broken: Content<'_> = Box::pin(content(&bytes).chain(Broken));
    let error = store.put(broken, Format::V0, 1 << 20).await.expect_err("the source failed");
    assert!(matches!(error, Error::Source(_)), "{error}");
    let cid = address_of(Format::V0, &bytes).expect("address").cid;
    assert!(!store.has(&cid).await.expect("has"));
}

async fn a_put_that_is_dropped_half_way_leaves_nothing(store: &dyn BlobStore) {
    let bytes = sample(5, 300_000);
    let (mut far, near) = tokio::io::duplex(1 << 20);
    tokio::io::AsyncWriteExt::write_all(&mut far, &bytes).await.expect("the pipe takes it");
    let mut put = store.put(Box::pin(near), Format::V0, 1 << 20);
    // The far end stays open, so the put cannot finish; it runs until it waits, then is dropped.
    for _ in 0..100 {
        assert!(futures_util::poll!(&mut put).is_pending());
        tokio::task::yield_now().await;
    }
    drop(put);
    let cid = address_of(Format::V0, &bytes).expect("address").cid;
    assert!(!store.has(&cid).await.expect("has"));
}

async fn removed_is_gone_and_missing_is_said(store: &dyn BlobStore) {
    let cid = address_of(Format::V0, b"never put").expect("address").cid;
    assert!(!store.has(&cid).await.expect("has"));
    assert!(!store.remove(&cid).await.expect("removing nothing succeeds"));
    let error = store.get(&cid, Verify::No).await.err().expect("nothing there");
    assert!(matches!(&error, Error::NotFound { what } if *what == cid.to_string()), "{error}");
}

async fn a_reader_seeks(store: &dyn BlobStore) {
    let bytes = sample(6, 400_000);
    let stored = store.put(content(&bytes), Format::V0, 1 << 20).await.expect("put");
    let mut blob = store.get(&stored.cid, Verify::Yes).await.expect("get");
    blob.reader.seek(std::io::SeekFrom::Start(399_990)).await.expect("seek");
    assert!(store.remove(&stored.cid).await.expect("remove"), "an open reader does not keep it");
    let mut tail = Vec::new();
    blob.reader.read_to_end(&mut tail).await.expect("an open reader reads on");
    assert_eq!(tail, bytes[399_990..]);
}

/// A source that fails at once.
struct Broken;

impl AsyncRead for Broken {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Err(std::io::Error::other("broken on purpose")))
    }
}
