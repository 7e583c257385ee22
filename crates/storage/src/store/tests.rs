//! The contract on each store, and what only a disk can get wrong.

use std::path::{Path, PathBuf};

use super::testing::{content, read, suite};
use super::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    suite(&Memory::new()).await;
}

#[tokio::test]
async fn disk_keeps_the_contract_and_leaves_no_litter() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path().join("store")).unwrap();
    suite(&disk).await;
    // A dropped put closes its file in the background; its name is gone at once.
    assert_eq!(files(folder.path()), [folder.path().join("store/lock")]);
}

#[tokio::test]
async fn a_killed_put_is_swept_at_the_next_start_and_finished_blobs_survive() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    let stored = disk.put(content(b"finished"), Format::V0, 100).await.unwrap();
    std::fs::write(folder.path().join("tmp/.tmpHalf"), b"finis").unwrap();
    drop(disk);
    let disk = Disk::open(folder.path()).unwrap();
    assert!(files(&folder.path().join("tmp")).is_empty());
    assert_eq!(read(&disk, &stored.cid).await.unwrap(), b"finished");
}

#[tokio::test]
async fn a_second_process_is_told_to_go_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Disk::open(folder.path()).unwrap();
    assert!(matches!(Disk::open(folder.path()), Err(Error::InUse { .. })));
}

#[tokio::test]
async fn b2_a_rotten_blob_is_reported_never_served_and_healed_by_putting_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Disk::open(folder.path()).unwrap();
    for (format, rot) in [(Format::V0, "bad"), (Format::V1, ""), (Format::Raw, "good and more")] {
        let stored = disk.put(content(b"good"), format, 100).await.unwrap();
        let path = files(&folder.path().join("blobs")).pop().unwrap();
        std::fs::write(&path, rot).unwrap();
        let error = read(&disk, &stored.cid).await.unwrap_err();
        assert!(matches!(&error, Error::Corrupt { what } if *what == stored.cid.to_string()), "{error}");
        disk.put(content(b"good"), format, 100).await.unwrap();
        assert_eq!(read(&disk, &stored.cid).await.unwrap(), b"good");
        assert!(disk.remove(&stored.cid).await.unwrap());
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let error = Disk::open(folder.path().join("file/store")).unwrap_err();
    assert!(error.to_string().contains("file/store"), "{error}");
}
