//! Gas of boost deals, printed with `--nocapture`. The limits lie a little above what was measured: no client has any.

use alloy::primitives::{B256, Bytes};
use fairgrid_conformance::{Stage, Terms};

use crate::boost::{Push, boost, claim, dealt, id, sponsor};

fn check(what: &str, gas: u64, limit: u64) {
    let line = format!("{what:<42} {gas:>8} of {limit:>8}\n");
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes()).unwrap();
    assert!(gas < limit, "{what}: {gas} gas, it was below {limit}");
}

/// Params of 70 bytes, as in the benchmarks of other deals.
fn fresh(mut terms: Terms, salt: u8) -> Terms {
    terms.request.params = format!("{:<70}", r#"{"iexec_args":"hello"}"#);
    terms.request.salt = B256::repeat_byte(salt);
    terms
}

/// A stage on which everybody has used boost before.
fn busy() -> Stage {
    let mut stage = Stage::boosted();
    let terms = stage.terms_with_dataset(1, 2);
    let deal = dealt(&mut stage, terms);
    Push::new(&stage, deal, 0).send(&mut stage).unwrap();
    stage
}

fn push(stage: &Stage, deal: protocol::DealId) -> Push {
    let results = br#"{"storage":"ipfs","location":"/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG00"}"#;
    Push { results: Bytes::from_static(&results[..85]), ..Push::new(stage, deal, 0) }
}

#[test]
fn boost_stays_as_cheap_as_it_was() {
    let mut stage = busy();
    let orders = stage.sign(fresh(stage.terms(1, 1), 1));
    let done = boost(&mut stage, &orders).unwrap();
    check("matchOrdersBoost", done.gas, 228_000);
    let deal = id(&done);
    check("pushResultBoost, 85 bytes", push(&stage, deal).send(&mut stage.clone()).unwrap().gas, 121_000);
    stage.market.evm.now += 7 * 300;
    check("claimBoost", claim(&mut stage, deal, 0).unwrap().gas, 110_000);
    let orders = stage.sign(fresh(stage.terms_with_dataset(1, 1), 2));
    let done = boost(&mut stage, &orders).unwrap();
    check("matchOrdersBoost with dataset", done.gas, 270_000);
    let deal = id(&done);
    check("pushResultBoost with dataset and kitty", push(&stage, deal).send(&mut stage).unwrap().gas, 134_000);
    let orders = stage.sign(fresh(stage.terms(1, 1), 3));
    let payer = stage.requester.address();
    let done = sponsor(&mut stage, payer, &orders).unwrap();
    check("sponsorMatchOrdersBoost by the requester", done.gas, 228_000);
}
