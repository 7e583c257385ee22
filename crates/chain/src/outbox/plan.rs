//! What a transaction should cost, whether it would be refused, and what a node's answer to it means.

use alloy::primitives::{Address, U64, U256};

use crate::node::{Node, request};
use crate::{Call, Error};

/// Used when the node cannot say what tip is usual: 1 gwei.
const USUAL_TIP: u128 = 1_000_000_000;
/// Head-room over an estimate: between it and the block another worker's vote may make ours the deciding one, which
/// writes up to five more storage slots.
const HEAD_ROOM: u64 = 150_000;

/// Fees of EIP-1559, in wei a unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fee {
    pub(crate) max: u128,
    pub(crate) tip: u128,
}

impl Fee {
    /// Room for the base fee to double, under a ceiling. Base fee 0 is a chain where gas is free: bidding anything
    /// would shut out accounts without coin.
    pub(super) fn of(base: u128, tip: u128, ceiling: u128) -> Self {
        if base == 0 {
            return Self { max: 0, tip: 0 };
        }
        let max = base.saturating_mul(2).saturating_add(tip).min(ceiling);
        Self { max, tip: tip.min(max) }
    }

    /// What replaces `self`: an eighth more (nodes ask for a tenth), and not below today's `usual`. `None` when the
    /// ceiling does not allow that much, or when gas is free.
    pub(super) fn bumped(self, usual: Self, ceiling: u128) -> Option<Self> {
        let more = |old: u128| old.saturating_add(old / 8).saturating_add(1);
        if usual.max == 0 && self.max == 0 {
            return None;
        }
        let raised = Self { max: more(self.max).max(usual.max), tip: more(self.tip).max(usual.tip) };
        (raised.max <= ceiling && raised.tip <= raised.max).then_some(raised)
    }
}

/// How to send a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) gas: u64,
    pub(super) fee: Fee,
}

/// Today's fee.
pub(crate) async fn usual_fee(node: &Node, ceiling: u128) -> Result<(Fee, u64), Error> {
    let head = node.latest().await?;
    let base = head.base_fee_per_gas.map_or(0, |fee| fee.to());
    let tip = match base {
        0 => 0,
        _ => match node.tip().await {
            Err(Error::BadNode { .. }) => USUAL_TIP,
            other => other?,
        },
    };
    Ok((Fee::of(base, tip, ceiling), head.gas_limit.to()))
}

/// Tries the call out and prices it. A refusal here costs nothing.
pub(super) async fn plan(node: &Node, from: Address, call: &Call, ceiling: u128) -> Result<Plan, Error> {
    let gas = async {
        match call.gas {
            Some(gas) => dry_run(node, from, call, gas, "latest").await.map(|()| gas),
            None => estimate(node, from, call).await,
        }
    };
    let (gas, (fee, block_gas)) = tokio::try_join!(gas, usual_fee(node, ceiling))?;
    Ok(Plan { gas: gas.min(block_gas), fee })
}

async fn estimate(node: &Node, from: Address, call: &Call) -> Result<u64, Error> {
    let object = request(Some(from), call.to, &call.data, call.value, None);
    let gas: U64 = node.ask(call.name, "eth_estimateGas", (object, "latest")).await?;
    let gas: u64 = gas.to();
    let room = if call.data.is_empty() { 0 } else { HEAD_ROOM };
    Ok(gas.saturating_add(gas / 4).saturating_add(room))
}

/// Runs the call without sending it, at the state of `block`.
pub(super) async fn dry_run(node: &Node, from: Address, call: &Call, gas: u64, block: &str) -> Result<(), Error> {
    let object = request(Some(from), call.to, &call.data, call.value, Some(gas));
    let _returned: alloy::primitives::Bytes = node.ask(call.name, "eth_call", (object, block)).await?;
    Ok(())
}

/// What a node means by refusing a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It has it already.
    Known,
    /// The nonce is used up, by this transaction or by another.
    NonceUsed,
    /// Another transaction with this nonce waits there, and ours does not pay enough more.
    Occupied,
    /// The fee is too low for the next block.
    FeeTooLow,
    /// The account cannot pay.
    Funds,
    /// Something else.
    Other,
}

/// Reads a refusal. Texts of geth, anvil, reth and the embedded chain. Source: `chain-rpc.md` 6.
pub(super) fn read_refusal(message: &str) -> Told {
    let text = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&["already known", "already imported", "known transaction", "already in the pool", "already exists"]) {
        Told::Known
    } else if has(&["nonce too low", "nonce is too low", "old nonce"]) {
        Told::NonceUsed
    } else if has(&["replacement", "could not replace"]) {
        Told::Occupied
    } else if has(&["less than block base fee", "fee cap", "underpriced", "max fee per gas"]) {
        Told::FeeTooLow
    } else if has(&["insufficient funds", "insufficient balance"]) {
        Told::Funds
    } else {
        Told::Other
    }
}

/// The account's coin, for an error that says it is not enough.
pub(super) async fn broke(node: &Node, who: Address, call: &'static str) -> Error {
    let held = node.balance(who).await.unwrap_or(U256::ZERO);
    Error::Funds { who, call, held }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gas_is_free_where_the_base_fee_is_zero() {
        assert_eq!(Fee::of(0, 1, 100), Fee { max: 0, tip: 0 });
        assert_eq!(Fee { max: 0, tip: 0 }.bumped(Fee { max: 0, tip: 0 }, 100), None);
    }

    #[test]
    fn a_replacement_pays_at_least_a_tenth_more_and_never_above_the_ceiling() {
        for (max, tip) in [(1, 0), (7, 3), (1_000, 10), (30_000_000_000, 2_000_000_000)] {
            let raised = Fee { max, tip }.bumped(Fee { max: 0, tip: 0 }, u128::MAX).unwrap();
            assert!(raised.max * 10 >= max * 11 && raised.tip * 10 >= tip * 11, "{raised:?}");
        }
        assert_eq!(Fee { max: 95, tip: 1 }.bumped(Fee { max: 95, tip: 1 }, 100), None);
        assert_eq!(Fee::of(80, 5, 100), Fee { max: 100, tip: 5 });
    }

    #[test]
    fn refusals_of_different_nodes_are_understood() {
        for (text, told) in [
            ("already known", Told::Known),
            ("nonce too low: next nonce 5, tx nonce 4", Told::NonceUsed),
            ("replacement transaction underpriced", Told::Occupied),
            ("transaction underpriced", Told::FeeTooLow),
            ("max fee per gas less than block base fee", Told::FeeTooLow),
            ("Insufficient funds for gas * price + value", Told::Funds),
            ("intrinsic gas too low", Told::Other),
        ] {
            assert_eq!(read_refusal(text), told, "{text}");
        }
    }
}
