//! A multipart form around one file, streamed.

use std::path::Path;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::Body;
use tokio_util::io::ReaderStream;

use crate::Error;

/// Bytes of file handed to the connection at a time.
const PIECE: usize = 1 << 16;

/// The content type and the body.
pub(super) async fn of_file(file: &Path) -> Result<(String, Body), Error> {
    let open = tokio::fs::File::open(file).await.map_err(Error::io("open", file))?;
    // Random, so that no content can end the form early.
    let boundary = hex::encode(runtime::random::bytes::<24>());
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let around = |text: String| stream::once(async move { Ok(Bytes::from(text)) });
    let content = ReaderStream::with_capacity(open, PIECE);
    let body = Body::wrap_stream(around(head).chain(content).chain(around(tail)));
    Ok((format!("multipart/form-data; boundary={boundary}"), body))
}
