//! What strangers may send: every answer is JSON, names the fault, and costs little.

use api::market::{LOGIN_DOMAIN, Signer as _, login_digest};
use market::Config;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::world::{Served, World};

async fn ask(market: &Served, method: Method, path: &str, login: &str, body: String) -> (u16, Value) {
    let url = market.url.join(path).unwrap();
    let request = Client::new().request(method, url).header(AUTHORIZATION, login).body(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json", "{path}");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn login(market: &Served, world: &World) -> String {
    let (address, chain_id) = (world.owner.address(), world.deployment.chain_id);
    let path = format!("/challenge?chainId={chain_id}&address={address}");
    let (status, answer) = ask(market, Method::GET, &path, "", String::new()).await;
    assert_eq!((status, &answer["data"]["primaryType"]), (200, &"Challenge".into()));
    let text = answer["data"]["message"]["challenge"].as_str().unwrap();
    let digest = login_digest(LOGIN_DOMAIN, chain_id, text);
    format!("{digest}_{}_{address}", world.owner.sign(digest))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_garbage_is_refused_by_the_name_of_the_field() {
    let world = World::new().await;
    let market = world.market().await;
    let chain = format!("chainId={}", world.deployment.chain_id);
    let long = "9".repeat(4_000);
    for (method, path, status, says) in [
        (Method::GET, "/apporders?app=any".to_owned(), 400, "chainId"),
        (Method::GET, "/apporders?app=any&chainId=1".to_owned(), 400, "chainId 1 is not served"),
        (Method::GET, format!("/apporders?{chain}"), 400, "app or appOwner"),
        (Method::GET, format!("/datasetorders?{chain}"), 400, "dataset or datasetOwner"),
        (Method::GET, format!("/apporders?{chain}&app=0x12"), 400, "app must be"),
        (Method::GET, format!("/workerpoolorders?{chain}&minVolume={long}"), 400, "minVolume"),
        (Method::GET, format!("/workerpoolorders?{chain}&minTag=0x01"), 400, "minTag"),
        (Method::GET, format!("/workerpoolorders?{chain}&pageSize=5"), 400, "pageSize"),
        (Method::GET, format!("/requestorders?{chain}&{chain}"), 400, "chainId is given twice"),
        (Method::GET, format!("/apporders/0x12?{chain}"), 400, "orderHash"),
        (Method::GET, format!("/apporders/{}?{chain}", protocol::B256::ZERO), 404, "apporder not found"),
        (Method::GET, format!("/deals/xyz?{chain}"), 400, "dealid"),
        (Method::GET, format!("/deals?{chain}&apporderHash=7"), 400, "apporderHash"),
        (Method::GET, format!("/ohlc?{chain}"), 400, "category"),
        (Method::GET, format!("/categories/99?{chain}"), 404, "category not found"),
        (Method::GET, format!("/categories/-1?{chain}"), 400, "catid"),
        (Method::GET, format!("/challenge?{chain}"), 400, "address"),
        (Method::GET, "/nothing".to_owned(), 404, "not found"),
        (Method::DELETE, "/apporders".to_owned(), 405, "method"),
        (Method::POST, format!("/apporders?{chain}"), 400, "JSON"),
    ] {
        let (got, answer) = ask(&market, method, &path, "", "garbage".to_owned()).await;
        assert_eq!((got, &answer["ok"]), (status, &false.into()), "{path}");
        assert!(answer["error"].as_str().unwrap().contains(says), "{path}: {answer}");
        assert_eq!(answer["error"], answer["message"]);
    }
    let open = ask(&market, Method::GET, "/version", "", String::new()).await;
    assert_eq!((open.0, &open.1["ok"]), (200, &true.into()));
    assert_eq!(ask(&market, Method::GET, "/healthz", "", String::new()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m4_a_wrong_order_is_refused_by_the_name_of_its_member() {
    let world = World::new().await;
    let market = world.market().await;
    let path = format!("/apporders?chainId={}", world.deployment.chain_id);
    let right = serde_json::to_value(world.orders(1).app).unwrap();
    for (member, wrong) in [
        ("app", json!("0x12")),
        ("appprice", json!(-1)),
        ("volume", json!("1.5")),
        ("tag", json!("tee")),
        ("requesterrestrict", json!(null)),
        ("salt", json!(7)),
        ("sign", json!("zz")),
    ] {
        let mut order = right.clone();
        order[member] = wrong;
        let body = json!({ "order": order }).to_string();
        let (status, answer) = ask(&market, Method::POST, &path, "", body).await;
        assert_eq!(status, 400);
        let says = format!("order.{member}");
        assert!(answer["error"].as_str().unwrap().starts_with(&says), "{answer}");
    }
    let (status, answer) = ask(&market, Method::POST, &path, "", json!({ "order": {} }).to_string()).await;
    assert_eq!((status, answer["error"].as_str().unwrap().contains("required field")), (400, true));
    let (status, answer) = ask(&market, Method::POST, &path, "", " ".repeat(70_000)).await;
    assert_eq!((status, &answer["code"]), (413, &"too_large".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn m2_a_login_works_once() {
    let world = World::new().await;
    let market = world.market().await;
    let path = format!("/apporders?chainId={}", world.deployment.chain_id);
    let body = json!({ "order": world.orders(1).app }).to_string();
    let good = login(&market, &world).await;
    for bad in ["", "Bearer x", "0x_0x_0x", &good[..good.len() - 2]] {
        let (status, answer) = ask(&market, Method::POST, &path, bad, body.clone()).await;
        assert_eq!((status, answer["error"].as_str().unwrap().contains("invalid authorization")), (403, true));
    }
    assert_eq!(ask(&market, Method::POST, &path, &good, body.clone()).await.0, 200);
    let removal = json!({ "target": "unpublish_all", "app": world.app }).to_string();
    let (status, answer) = ask(&market, Method::PUT, &path, &good, removal.clone()).await;
    assert_eq!((status, answer["error"].as_str().unwrap().contains("invalid authorization")), (403, true));
    // Two pending logins of one wallet do not disturb each other.
    let (first, second) = (login(&market, &world).await, login(&market, &world).await);
    let (status, answer) = ask(&market, Method::PUT, &path, &first, removal.clone()).await;
    assert_eq!((status, answer["unpublished"].as_array().unwrap().len()), (200, 1));
    let (status, answer) = ask(&market, Method::PUT, &path, &second, removal).await;
    assert_eq!((status, answer["error"].as_str().unwrap().contains("not found")), (404, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_may_read_and_publish_from_anywhere() {
    let world = World::new().await;
    let market = world.market_with(Config { first_block: world.deployment.block, ..Config::default() }).await;
    for method in ["GET", "POST", "PUT"] {
        let request = Client::new()
            .request(Method::OPTIONS, market.url.join("/apporders").unwrap())
            .header("origin", "https://store.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,content-type");
        let answer = request.send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["access-control-allow-origin"]),
            (StatusCode::OK, &"*".parse().unwrap())
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_behind_a_proxy_are_limited_each_for_itself() {
    let world = World::new().await;
    let market = world.market_with(Config { requests_per_minute: 3, ..Config::default() }).await;
    let ask = async |ip: &str| {
        let request = Client::new().get(market.url.join("/version").unwrap()).header("x-real-ip", ip);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["ok"].clone())
    };
    for _ in 0..3 {
        assert_eq!(ask("192.0.2.1").await, (200, true.into()));
    }
    assert_eq!(ask("192.0.2.1").await, (429, false.into()));
    assert_eq!(ask("192.0.2.2").await, (200, true.into()));
    for _ in 0..5 {
        assert_eq!(ask("127.0.0.1").await, (200, true.into()));
    }
}
