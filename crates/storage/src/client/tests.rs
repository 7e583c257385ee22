//! The client against gateways that lie, fail and vanish.

use axum::Router;
use axum::response::IntoResponse as _;
use runtime::Tasks;

use super::*;
use crate::unixfs::address_of;

/// A gateway that answers everything with `status` and `body`.
async fn answering(status: u16, body: &'static str) -> (Gateway, Tasks) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/base/path/", listener.local_addr().unwrap());
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    // The request is read to its end first: an answer before that may reach a client that is still sending as a reset.
    let app = Router::new().fallback(move |_read: axum::body::Bytes| async move { (status, body).into_response() });
    let mut tasks = Tasks::new();
    tasks.spawn("gateway", async move { axum::serve(listener, app).await.unwrap() });
    (Gateway::new(base.parse().unwrap(), Duration::from_secs(30)).unwrap(), tasks)
}

/// What fetching `hello` with a limit of 10 bytes ends with; nothing may be left in the folder on failure.
async fn fetched(gateway: &Gateway) -> Result<u64, Error> {
    let folder = tempfile::tempdir().unwrap();
    let cid = address_of(Format::V0, b"hello").unwrap().cid;
    let result = gateway.fetch(&cid, &folder.path().join("dest"), 10).await;
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, usize::from(result.is_ok()));
    result
}

#[tokio::test]
async fn b2_only_the_bytes_the_address_names_are_kept() {
    let (gateway, _tasks) = answering(200, "hello").await;
    assert_eq!(fetched(&gateway).await.unwrap(), 5);
    for lie in ["", "hellO", "hello "] {
        let (gateway, _tasks) = answering(200, lie).await;
        let error = fetched(&gateway).await.unwrap_err();
        assert!(matches!(&error, Error::Corrupt { what } if what.contains("/base/path/ipfs/Qm")), "{lie:?}: {error}");
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    let (gateway, _tasks) = answering(404, "no such thing").await;
    assert!(matches!(fetched(&gateway).await, Err(Error::NotFound { what }) if what.starts_with("http://127.0.0.1")));
    let (gateway, _tasks) = answering(200, "more than ten bytes").await;
    assert!(matches!(fetched(&gateway).await, Err(Error::TooLarge { .. })));
    let (gateway, _tasks) = answering(502, "upstream\nis down").await;
    let error = fetched(&gateway).await.unwrap_err();
    assert!(matches!(&error, Error::Answered { status: 502, body, .. } if body == "upstream is down"), "{error}");
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let gateway = Gateway::new(base.parse().unwrap(), Duration::from_secs(30)).unwrap();
    let error = fetched(&gateway).await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn a_node_that_names_another_content_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "hello").unwrap();
    for lie in ["", "{}", r#"{"Name":"x","Hash":"QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o","Size":"20"}"#] {
        let (gateway, _tasks) = answering(200, lie).await;
        let error = gateway.add(&file).await.unwrap_err();
        assert!(matches!(error, Error::Answered { status: 200, .. }), "{lie}: {error}");
    }
    let truth = r#"{"Name":"x","Hash":"QmWfVY9y3xjsixTgbd9AorQxH7VtMpzfx2HaWtsoUYecaX","Size":"13"}"#;
    let (gateway, _tasks) = answering(200, truth).await;
    assert_eq!(gateway.add(&file).await.unwrap().dag_size, 13);
}
