//! The gateway over a socket, as clients meet it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use runtime::Tasks;
use serde_json::Value;

use super::{Options, router};
use crate::store::testing::content;
use crate::unixfs::address_of;
use crate::{Address, BlobStore as _, Cid, Error, Format, Gateway, Memory, address};

/// A gateway on a port of its own, stopped when dropped.
pub(crate) struct Served {
    pub(crate) store: Arc<Memory>,
    pub(crate) base: String,
    _tasks: Tasks,
}

pub(crate) async fn serve(options: Options) -> Served {
    runtime::tls::install();
    let store = Arc::new(Memory::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = router(store.clone(), options);
    let mut tasks = Tasks::new();
    tasks.spawn("gateway", async move { axum::serve(listener, app).await.unwrap() });
    Served { store, base, _tasks: tasks }
}

impl Served {
    async fn put(&self, bytes: &[u8]) -> Cid {
        self.store.put(content(bytes), Format::V0, u64::MAX).await.unwrap().cid
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = reqwest::Client::new().request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn add(&self, query: &str, kind: &str, body: impl Into<reqwest::Body>) -> Response {
        let url = format!("{}/api/v0/add{query}", self.base);
        reqwest::Client::new().post(url).header("content-type", kind).body(body).send().await.unwrap()
    }
}

const KIND: &str = "multipart/form-data; boundary=XX";

fn part(headers: &str, content: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; {headers}\r\n\r\n{content}\r\n")
}

async fn refusal(answer: Response) -> (StatusCode, String, String) {
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["request_id"].as_str().unwrap().len(), 16);
    (status, body["code"].as_str().unwrap().to_owned(), body["message"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_blob_is_served_whole_for_ever_and_as_bytes_only() {
    let served = serve(Options::default()).await;
    let cid = served.put(b"<script>alert(1)</script>").await;
    let answer = served.ask(Method::GET, &format!("/ipfs/{cid}?filename=r.html"), &[("origin", "http://a.b")]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    for (name, value) in [
        ("content-length", "25"),
        ("etag", &*format!("\"{cid}\"")),
        ("cache-control", "public, max-age=31536000, immutable"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"r.html\""),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(answer.headers()[name], value, "{name}");
    }
    assert_eq!(answer.bytes().await.unwrap(), "<script>alert(1)</script>");
    let head = served.ask(Method::HEAD, &format!("/ipfs/{cid}"), &[]).await;
    assert_eq!((head.status(), &head.headers()["content-length"]), (StatusCode::OK, &"25".parse().unwrap()));
    let tags = format!("\"x\", W/\"{cid}\"");
    let known = served.ask(Method::GET, &format!("/ipfs/{cid}"), &[("if-none-match", &tags)]).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn b3_any_cid_of_the_multihash_finds_it() {
    let served = serve(Options::default()).await;
    let address = Address::of(&served.put(b"hello").await).unwrap();
    for cid in [address.v0(), address.v1(0x70), address.v1(0x55)] {
        assert_eq!(served.ask(Method::HEAD, &format!("/ipfs/{cid}"), &[]).await.status(), StatusCode::OK, "{cid}");
    }
}

#[tokio::test]
async fn ranges_are_served_and_impossible_ones_refused() {
    let served = serve(Options::default()).await;
    let path = format!("/ipfs/{}", served.put(b"0123456789").await);
    let part = served.ask(Method::GET, &path, &[("range", "bytes=3-5")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], "bytes 3-5/10");
    assert_eq!(part.headers()["content-length"], "3");
    assert_eq!(part.bytes().await.unwrap(), "345");
    let beyond = served.ask(Method::GET, &path, &[("range", "bytes=10-")]).await;
    assert_eq!((beyond.status().as_u16(), &beyond.headers()["content-range"]), (416, &"bytes */10".parse().unwrap()));
    let other = served.ask(Method::GET, &path, &[("range", "bytes=3-5"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status(), other.bytes().await.unwrap()), (StatusCode::OK, "0123456789".into()));
}

#[tokio::test]
async fn bad_unknown_and_rotten_addresses_are_told_apart() {
    let served = serve(Options::default()).await;
    let (status, code, message) = refusal(served.ask(Method::GET, "/ipfs/..%2Fetc", &[]).await).await;
    assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "bad_cid"));
    assert!(message.contains("../etc"), "{message}");
    let unknown = address_of(Format::V0, b"unknown").unwrap().cid;
    let (status, code, message) = refusal(served.ask(Method::GET, &format!("/ipfs/{unknown}"), &[]).await).await;
    assert_eq!((status, &*code), (StatusCode::NOT_FOUND, "not_found"));
    assert!(message.contains(&unknown.to_string()), "{message}");
    let cid = served.put(b"fresh").await;
    served.store.corrupt(&cid, "rotten".into());
    let (status, code, _) = refusal(served.ask(Method::GET, &format!("/ipfs/{cid}"), &[]).await).await;
    assert_eq!((status, &*code), (StatusCode::INTERNAL_SERVER_ERROR, "corrupt"));
}

#[tokio::test]
async fn add_takes_what_the_sdk_sends_and_head_finds_it_at_once() {
    let served = serve(Options::default()).await;
    let body = part("filename=\"\"\r\nContent-Type: application/octet-stream", "hello world\n") + "--XX--\r\n";
    // A stream has no length, so it goes out chunked; cut so that the boundary falls apart.
    let pieces: Vec<Result<Vec<u8>, Error>> = body.as_bytes().chunks(7).map(|piece| Ok(piece.to_vec())).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let answer = served.add("?stream-channels=true&progress=false", KIND, body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cid = "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o";
    let line = format!("{{\"Name\":\"{cid}\",\"Hash\":\"{cid}\",\"Size\":\"20\"}}\n");
    assert_eq!(answer.text().await.unwrap(), line);
    assert_eq!(served.ask(Method::HEAD, &format!("/ipfs/{cid}"), &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn add_takes_several_files_and_answers_a_line_each() {
    let served = serve(Options::default()).await;
    let body = part("filename=\"a.txt\"", "hello") + &part("filename=\"b\"", "") + "--XX--\r\n";
    let lines = served.add("?cid-version=1", KIND, body).await.text().await.unwrap();
    let names: Vec<(String, String)> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["Name"].as_str().unwrap().to_owned(), line["Hash"].as_str().unwrap().to_owned()))
        .collect();
    let hash = |bytes: &[u8]| address_of(Format::V1, bytes).unwrap().cid.to_string();
    assert_eq!(names, [("a.txt".to_owned(), hash(b"hello")), ("b".to_owned(), hash(b""))]);
}

#[tokio::test]
async fn a_bad_upload_is_refused_with_its_reason() {
    let options = Options { max_add: 10, files: 2, ..Options::default() };
    let served = serve(options).await;
    let end = "--XX--\r\n";
    let ten = part("filename=\"a\"", "0123456789");
    let folder = part("filename=\"d\"\r\nContent-Type: application/x-directory", "");
    let one = part("filename=\"a\"", "1");
    for (body, kind, query, status, code) in [
        (ten.clone() + end, KIND, "", 200, ""),
        (part("filename=\"a\"", "01234567890") + end, KIND, "", 413, "too_large"),
        (ten.clone() + &one + end, KIND, "", 413, "too_large"),
        (one.repeat(3) + end, KIND, "", 413, "too_large"),
        (part("filename=\"a\"", &"x".repeat(20_000)) + end, KIND, "", 413, "too_large"),
        (folder + end, KIND, "", 400, "folder"),
        (end.to_owned(), KIND, "", 400, "no_file"),
        (ten.clone(), KIND, "", 400, "incomplete_upload"),
        (ten.clone() + end, "application/json", "", 415, "not_a_form"),
        (ten.clone() + end, KIND, "?only-hash=true", 400, "unsupported_option"),
        ("garbage".to_owned(), KIND, "", 400, "bad_form"),
    ] {
        let answer = served.add(query, kind, body.clone()).await;
        assert_eq!(answer.status().as_u16(), status, "{code}: {body}");
        if status != 200 {
            let (_, found, message) = refusal(answer).await;
            assert_eq!(found, code, "{message}");
        }
    }
}

#[tokio::test]
async fn a_form_cut_off_in_a_file_stores_nothing_of_it() {
    let served = serve(Options::default()).await;
    let answer = served.add("", KIND, "--XX\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nhalf").await;
    let (status, code, _) = refusal(answer).await;
    assert_eq!((status, &*code), (StatusCode::BAD_REQUEST, "incomplete_upload"));
    assert!(!served.store.has(&address_of(Format::V0, b"half").unwrap().cid).await.unwrap());
}

#[tokio::test]
async fn a_silent_upload_is_ended() {
    let served = serve(Options { idle: Duration::from_millis(50), ..Options::default() }).await;
    let start = futures_util::stream::once(async { Ok::<_, Error>("--XX\r\n") });
    let silent = futures_util::StreamExt::chain(start, futures_util::stream::pending());
    let (status, _, message) = refusal(served.add("", KIND, reqwest::Body::wrap_stream(silent)).await).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(message.contains("nothing came for"), "{message}");
}

#[tokio::test]
async fn more_uploads_than_allowed_are_told_to_come_again() {
    let served = serve(Options { uploads: 0, ..Options::default() }).await;
    let (status, code, _) = refusal(served.add("", KIND, "--XX--\r\n").await).await;
    assert_eq!((status, &*code), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
}

#[tokio::test]
async fn the_client_and_the_gateway_understand_each_other() {
    let served = serve(Options::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let (source, dest) = (folder.path().join("source"), folder.path().join("dest"));
    let bytes: Vec<u8> = (0..700_000_u32).map(|at| (at % 253) as u8).collect();
    std::fs::write(&source, &bytes).unwrap();
    let gateway = Gateway::new(served.base.parse().unwrap(), Duration::from_secs(60)).unwrap();
    let stored = gateway.add(&source).await.unwrap();
    assert_eq!(stored, address_of(Format::V0, &bytes).unwrap());
    let cid = address::parse(&Address::of(&stored.cid).unwrap().v1(0x70).to_string()).unwrap();
    assert_eq!(gateway.fetch(&cid, &dest, 700_000).await.unwrap(), 700_000);
    assert_eq!(std::fs::read(&dest).unwrap(), bytes);
}
