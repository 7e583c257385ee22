//! Rows of money into the hub and out of it. The account keeps some on both sides.

use alloy::primitives::{Address, U256};
use protocol::Amount;

use super::Scene;
use super::scene::cost;
use crate::abi::{Hub, Rlc};

/// The deposit itself: the allowance was given before, and is used up.
pub(super) fn deposited(mut scene: Scene) -> u64 {
    let (account, hub) = (with_tokens(&mut scene), scene.stage.market.hub);
    let allow = Rlc::approveCall { spender: hub, amount: amount() };
    let market = &mut scene.stage.market;
    cost(market.evm.call(account, market.rlc, &allow));
    scene.call(account, &Hub::depositCall { amount: amount() })
}

pub(super) fn deposited_in_one_call(mut scene: Scene) -> u64 {
    let account = with_tokens(&mut scene);
    cost(scene.stage.market.deposit(account, Amount::rlc(1)))
}

pub(super) fn withdrawn(mut scene: Scene) -> u64 {
    let account = with_tokens(&mut scene);
    scene.call(account, &Hub::withdrawCall { amount: amount() })
}

/// What goes in or out: 1 RLC.
fn amount() -> U256 {
    Amount::rlc(1).to_nrlc()
}

/// A requester who has tokens outside of the hub as well.
fn with_tokens(scene: &mut Scene) -> Address {
    let account = scene.stage.requester.address();
    scene.stage.market.give(account, Amount::rlc(2));
    account
}
