//! Blobs on another machine: a gateway or IPFS node behind its HTTP interface. Nothing it says is believed unverified.

use std::path::{Path, PathBuf};

use cid::Cid;
use runtime::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Blob, BlobStore, Content, Stored, Verify};
use crate::unixfs::Format;
use crate::{Error, Gateway};

/// Largest blob that is fetched from a node, in bytes.
const LARGEST: u64 = 16 << 30;

/// A store on the other side of a [`Gateway`]. Uploads and downloads pass through files in a folder of this machine.
///
/// Of the contract of [`BlobStore`] it keeps what the node can do: files of version 0 only, and `remove` refuses, for
/// others may rely on what a shared node holds.
#[derive(Clone, Debug)]
pub struct Node {
    gateway: Gateway,
    folder: PathBuf,
}

impl Node {
    /// The store behind `gateway`; `folder` exists and has room for what is on its way.
    #[must_use]
    pub fn new(gateway: Gateway, folder: impl Into<PathBuf>) -> Self {
        Self { gateway, folder: folder.into() }
    }

    async fn collect(&self, content: Content<'_>, limit: u64) -> Result<tempfile::TempPath, Error> {
        let temp =
            tempfile::NamedTempFile::new_in(&self.folder).map_err(Error::io("create a file in", &self.folder))?;
        let (file, path) = temp.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        // One byte more than allowed is enough to know.
        let mut content = content.take(limit.saturating_add(1));
        let mut buffer = vec![0; 1 << 16];
        let mut size = 0_u64;
        loop {
            let read = content.read(&mut buffer).await.map_err(Error::Source)?;
            if read == 0 {
                break;
            }
            size += read as u64;
            if size > limit {
                return Err(Error::too_many_bytes("the blob", limit));
            }
            file.write_all(&buffer[..read]).await.map_err(Error::io("write", &path))?;
        }
        file.flush().await.map_err(Error::io("write", &path))?;
        Ok(path)
    }
}

impl BlobStore for Node {
    fn put<'a>(&'a self, content: Content<'a>, format: Format, limit: u64) -> BoxFuture<'a, Result<Stored, Error>> {
        Box::pin(async move {
            if format != Format::V0 {
                return Err(refuse("only files of version 0 can be added to a node"));
            }
            let file = self.collect(content, limit).await?;
            self.gateway.add(&file).await
        })
    }

    fn get<'a>(&'a self, cid: &'a Cid, _verify: Verify) -> BoxFuture<'a, Result<Blob, Error>> {
        Box::pin(async move {
            let folder = tempfile::tempdir_in(&self.folder).map_err(Error::io("create a folder in", &self.folder))?;
            let path = folder.path().join("blob");
            // Fetching verifies always: a node of others is not this machine's disk.
            let size = self.gateway.fetch(cid, &path, LARGEST).await?;
            let file = tokio::fs::File::open(&path).await.map_err(Error::io("open", Path::new(&path)))?;
            // The open file outlives its name.
            Ok(Blob { size, reader: Box::pin(file) })
        })
    }

    fn has<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(self.gateway.has(cid))
    }

    fn remove<'a>(&'a self, _cid: &'a Cid) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(async { Err(refuse("blobs are not removed from a shared node: unpin them there")) })
    }
}

fn refuse(what: &str) -> Error {
    Error::Source(std::io::Error::new(std::io::ErrorKind::Unsupported, what))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::store::testing::{content, read};
    use crate::{Memory, gateway};

    #[tokio::test]
    async fn a_node_keeps_what_was_put_and_says_what_it_lacks() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let router = gateway::router(Arc::new(Memory::new()), gateway::Options::default());
        let mut tasks = runtime::Tasks::new();
        tasks.spawn("gateway", async move { axum::serve(listener, router).await.unwrap() });
        let folder = tempfile::tempdir().unwrap();
        let node = Node::new(Gateway::new(base, Duration::from_secs(10)).unwrap(), folder.path());
        let bytes = vec![7; 600_000];
        let stored = node.put(content(&bytes), Format::V0, 1 << 20).await.unwrap();
        assert!(node.has(&stored.cid).await.unwrap());
        assert_eq!(read(&node, &stored.cid).await.unwrap(), bytes);
        assert!(matches!(node.put(content(&bytes), Format::V0, 10).await, Err(Error::TooLarge { .. })));
        let other = crate::unixfs::address_of(Format::V0, b"never put").unwrap().cid;
        assert!(!node.has(&other).await.unwrap());
        assert!(matches!(node.get(&other, Verify::Yes).await, Err(Error::NotFound { .. })));
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "nothing stays in the folder");
    }
}
