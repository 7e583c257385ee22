//! The archive of a revealed task goes to the pool's store; a callback's data goes to the pool itself.

use std::time::Duration;

use alloy_primitives::{Address, Bytes};
use api::results::ResultsClient;
use protocol::TaskId;
use protocol::deal::Deal;
use storage::archive::{ComputedFile, ResultLink};

use crate::Error;
use crate::compute::Folders;
use crate::link::Tokens;

/// Longest time for one upload; a broken one is tried again.
const TIMEOUT: Duration = Duration::from_secs(3_600);

/// Hands results over.
pub(crate) struct Uploader {
    pub(crate) results: ResultsClient,
    pub(crate) tokens: Tokens,
}

impl Uploader {
    /// Hands over the result of `task`; answers what is to be finalized: the link, and the callback's data.
    pub(crate) async fn upload(
        &self,
        task: TaskId,
        deal: &Deal,
        folders: &Folders,
    ) -> Result<(String, Option<Bytes>), Error> {
        if deal.callback != Address::ZERO {
            return Ok((callback_link(deal.callback), Some(callback_data(folders)?)));
        }
        let path = folders.archive();
        let archive = tokio::fs::File::open(&path).await.map_err(Error::folder("open", path))?;
        let token = self.tokens.token();
        let upload = self.results.upload(&token, task, archive);
        match tokio::time::timeout(TIMEOUT, upload).await {
            Ok(Ok(stored)) => Ok((stored.link, None)),
            Ok(Err(error)) => {
                if let api::http::Error::Refused { status: 401, .. } = &error {
                    self.tokens.renew();
                }
                Err(error.into())
            }
            Err(_) => {
                Err(Error::Config { what: format!("the upload of task {task} took over an hour: check the network") })
            }
        }
    }
}

fn callback_link(callback: Address) -> String {
    ResultLink { storage: "ethereum".to_owned(), location: callback.to_string() }.to_string()
}

fn callback_data(folders: &Folders) -> Result<Bytes, Error> {
    let output = folders.output();
    let unreadable = |error: storage::Error| Error::Folder {
        action: "read the callback data in",
        path: output.clone(),
        source: std::io::Error::other(error),
    };
    let computed = ComputedFile::read(&output).map_err(unreadable)?;
    Ok(computed.callback_bytes().map_err(unreadable)?.into())
}
