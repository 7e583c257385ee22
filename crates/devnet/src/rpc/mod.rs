//! JSON-RPC over HTTP and WebSocket: the only way in for clients. Table of contents:
//! [`http`] and [`socket`] carry messages, [`service`] takes them apart, [`methods`] answers one request.

mod blocks;
mod calls;
mod error;
mod fees;
mod filters;
mod http;
mod logs;
mod methods;
mod params;
mod service;
mod socket;

pub(crate) use http::serve;
pub(crate) use service::Rpc;
