//! `GET` and `HEAD /ipfs/{cid}`. Content is a stranger's: it is never given a type a browser would run.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::Shared;
use super::range::{self, Span};
use super::refusal::Refusal;
use crate::{Blob, Cid, Error, Verify, address};

/// Bytes handed to the connection at a time.
const PIECE: usize = 1 << 16;
/// Content never changes under its address: a year and more.
const FOREVER: &str = "public, max-age=31536000, immutable";

pub(super) async fn fetch(
    State(shared): State<Arc<Shared>>,
    method: Method,
    Path(cid): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let cid = address::parse(&cid)?;
    let tag = format!("\"{cid}\"");
    let name = query.as_deref().and_then(file_name);
    let verify = if method == Method::HEAD { Verify::No } else { Verify::Yes };
    let blob = shared.store.get(&cid, verify).await?;
    let sent = |header| headers.get(header).and_then(|value: &HeaderValue| value.to_str().ok());
    if sent(header::IF_NONE_MATCH).is_some_and(|known| known.split(',').any(|known| names(known, &tag))) {
        return Ok((StatusCode::NOT_MODIFIED, base(&tag, None)).into_response());
    }
    // If-Range with another tag asks for the whole.
    let current = sent(header::IF_RANGE).is_none_or(|known| known == tag);
    let span = sent(header::RANGE).filter(|_| current).map_or(Span::Whole, |range| range::parse(range, blob.size));
    respond(blob, span, &method, base(&tag, name.as_deref()), &cid).await
}

async fn respond(
    blob: Blob,
    span: Span,
    method: &Method,
    mut headers: HeaderMap,
    cid: &Cid,
) -> Result<Response, Refusal> {
    let Blob { size, mut reader } = blob;
    let (status, first, length) = match span {
        Span::Whole => (StatusCode::OK, 0, size),
        Span::Part { first, last } => {
            headers.insert(header::CONTENT_RANGE, value(&format!("bytes {first}-{last}/{size}")));
            (StatusCode::PARTIAL_CONTENT, first, last - first + 1)
        }
        Span::Beyond => {
            headers.insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if method == Method::HEAD {
        return Ok((status, headers).into_response());
    }
    let seek = reader.seek(SeekFrom::Start(first)).await;
    seek.map_err(Error::io("read", std::path::Path::new(&cid.to_string())))?;
    let body = Body::from_stream(ReaderStream::with_capacity(reader.take(length), PIECE));
    Ok((status, headers, body).into_response())
}

/// What every answer about a blob carries.
fn base(tag: &str, name: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::ETAG, value(tag));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if let Some(name) = name {
        headers.insert(header::CONTENT_DISPOSITION, value(&format!("attachment; filename=\"{name}\"")));
    }
    headers
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("made of CIDs, numbers and plain names only")
}

/// Whether one entry of `If-None-Match` names `tag`; a weak tag is as good here.
fn names(entry: &str, tag: &str) -> bool {
    let entry = entry.trim();
    entry == "*" || entry.strip_prefix("W/").unwrap_or(entry) == tag
}

/// The `filename` of the query, made harmless: letters, digits, `.`, `_`, `-` and space, at most 100, no leading dot.
fn file_name(query: &str) -> Option<String> {
    let (_, asked) = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "filename")?;
    let harmless = |letter: char| {
        let plain = letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | ' ');
        if plain { letter } else { '_' }
    };
    let name: String = asked.chars().map(harmless).skip_while(|letter| *letter == '.').take(100).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_from_a_stranger_is_made_harmless() {
        for (query, expected) in [
            ("filename=result.zip", Some("result.zip")),
            ("a=b&filename=..%2F..%2Fetc%2Fpasswd", Some("_.._etc_passwd")),
            ("filename=a%22%0d%0ax:%20y", Some("a___x_ y")),
            ("filename=%C3%A9t%C3%A9.txt", Some("_t_.txt")),
            ("filename=...", None),
            ("filename=", None),
            ("other", None),
        ] {
            assert_eq!(file_name(query).as_deref(), expected, "{query}");
        }
        assert_eq!(file_name(&format!("filename={}", "x".repeat(5_000))).map(|name| name.len()), Some(100));
    }
}
