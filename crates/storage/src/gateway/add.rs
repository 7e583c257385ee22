//! `POST /api/v0/add`: files of a multipart form into the store, each as it streams by; one line of JSON for each.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use multer::{Constraints, Field, Multipart, SizeLimit};
use serde::Serialize;
use tokio_util::io::StreamReader;

use super::Shared;
use super::refusal::Refusal;
use crate::{Error, Format, Stored};

/// What a form may have besides content: boundaries and headers, for each file.
const OVERHEAD: u64 = 4096;
/// Options of an IPFS node that change the address or store nothing: better refused than misunderstood.
const REFUSED: [&str; 7] =
    ["only-hash", "wrap-with-directory", "trickle", "nocopy", "inline", "preserve-mode", "preserve-mtime"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    name: &'a str,
    hash: String,
    size: String,
}

pub(super) async fn add(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let format = format(request.uri().query().unwrap_or_default())?;
    let Ok(_slot) = shared.uploads.try_acquire() else {
        return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many uploads at a time: repeat later"));
    };
    let mut form = form(request, &shared)?;
    let (mut lines, mut files, mut left) = (String::new(), 0, shared.options.max_add);
    while let Some(field) = form.next_field().await.map_err(|error| refuse(&error))? {
        files += 1;
        if files > shared.options.files {
            let limit = shared.options.files.to_string();
            return Err(Error::TooLarge { what: "the number of files".to_owned(), limit }.into());
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let stored = store(&shared, field, format, left).await?;
        left -= stored.size;
        let hash = stored.cid.to_string();
        // An IPFS node names a nameless file by its address.
        let shown = if name.is_empty() { &hash } else { &name };
        let line = Line { name: shown, hash: hash.clone(), size: stored.dag_size.to_string() };
        lines += &serde_json::to_string(&line).expect("strings always serialise");
        lines.push('\n');
    }
    if files == 0 {
        return Err(Refusal::bad_request("no_file", "the form has no file: send one as multipart/form-data"));
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], lines).into_response())
}

async fn store(shared: &Shared, field: Field<'static>, format: Format, left: u64) -> Result<Stored, Refusal> {
    if field.content_type().is_some_and(|kind| kind.essence_str() == "application/x-directory") {
        return Err(Refusal::bad_request("folder", "folders are not stored here: send files, or one archive"));
    }
    let content = StreamReader::new(field.map_err(io::Error::other));
    Ok(shared.store.put(Box::pin(content), format, left).await?)
}

/// The form in a request, read as it comes.
fn form(request: Request, shared: &Shared) -> Result<Multipart<'static>, Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|error| refuse(&error))?;
    let limit = shared.options.max_add.saturating_add(OVERHEAD.saturating_mul(shared.options.files as u64));
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit));
    let body = paced(request.into_body(), shared.options.idle);
    Ok(Multipart::with_constraints(body, boundary, constraints))
}

/// The body, failing after `idle` without a byte.
///
/// The parser takes all that is ready before it looks at any of it; being not ready once after each piece keeps what it
/// holds at one piece, whatever the sender's speed.
fn paced(body: Body, idle: Duration) -> impl Stream<Item = io::Result<Bytes>> + Send {
    futures_util::stream::unfold(body.into_data_stream(), move |mut body| async move {
        tokio::task::yield_now().await;
        let item = match tokio::time::timeout(idle, body.next()).await {
            Ok(item) => item?.map_err(io::Error::other),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("nothing came for {} s", idle.as_secs()))),
        };
        Some((item, body))
    })
}

/// How the query asks files to be addressed.
fn format(query: &str) -> Result<Format, Refusal> {
    let mut format = Format::V0;
    let mut raw_leaves = None;
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let on = !matches!(&*value, "false" | "0");
        match &*key {
            "cid-version" if value == "0" => format = Format::V0,
            "cid-version" if value == "1" => format = Format::V1,
            "raw-leaves" => raw_leaves = Some(on),
            "chunker" if value == "size-262144" => {}
            "hash" if value == "sha2-256" => {}
            "cid-version" | "chunker" | "hash" => return Err(unsupported(&key, &value)),
            key if REFUSED.contains(&key) && on => return Err(unsupported(key, &value)),
            // pin (all is kept), progress, quiet and the like change nothing about what is stored.
            _ => {}
        }
    }
    match (raw_leaves, format) {
        (None | Some(false), Format::V0) | (None | Some(true), Format::V1) => Ok(format),
        _ => Err(unsupported("raw-leaves", "with this cid-version")),
    }
}

fn unsupported(key: &str, value: &str) -> Refusal {
    let value: String = value.chars().take(40).collect();
    Refusal::bad_request("unsupported_option", format!("{key}={value} is not supported here: leave it out"))
}

fn refuse(error: &multer::Error) -> Refusal {
    match error {
        multer::Error::StreamSizeExceeded { limit } => Error::too_many_bytes("the upload", *limit).into(),
        multer::Error::StreamReadFailed(cause) => Error::Source(io::Error::other(cause.to_string())).into(),
        multer::Error::NoBoundary | multer::Error::NoMultipart | multer::Error::DecodeContentType(_) => {
            let kind = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Refusal::new(kind, "not_a_form", "send files as multipart/form-data with a boundary")
        }
        other => Refusal::bad_request("bad_form", format!("the form cannot be read: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_would_change_the_address_are_honoured_or_refused_never_ignored() {
        for (query, expected) in [
            ("", Some(Format::V0)),
            ("stream-channels=true&progress=false", Some(Format::V0)),
            ("pin=true&cid-version=0&wrap-with-directory=false", Some(Format::V0)),
            ("cid-version=1&raw-leaves=true&hash=sha2-256", Some(Format::V1)),
            ("cid-version=2", None),
            ("raw-leaves=true", None),
            ("cid-version=1&raw-leaves=false", None),
            ("wrap-with-directory=true", None),
            ("only-hash=true", None),
            ("chunker=size-1048576", None),
            ("hash=blake3", None),
        ] {
            assert_eq!(format(query).ok(), expected, "{query}");
        }
    }
}
