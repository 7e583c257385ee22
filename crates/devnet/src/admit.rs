//! Admission: raw bytes become a transaction that can be mined, or a refusal with the text that clients match.

use alloy::consensus::transaction::SignerRecoverable as _;
use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::eip2718::Decodable2718 as _;
use revm::context::result::{EVMError, InvalidTransaction};
use revm::handler::validation::{validate_env, validate_initial_tx_gas};
use revm::primitives::hardfork::SpecId;
use revm::{Context, MainContext as _};

use crate::block::Signed;
use crate::execute::{Rules, cfg, checking_env, tx_env};
use crate::state::View;

/// Decodes `raw`, proves its sender, and checks everything that does not depend on the pool.
///
/// # Errors
/// The text for the client.
pub(crate) fn admit(rules: &Rules, view: &View, raw: &[u8], most: usize) -> Result<Signed, String> {
    if raw.len() > most {
        return Err(format!("oversized data: transaction size {}, limit {most}", raw.len()));
    }
    let tx = TxEnvelope::decode_2718_exact(raw).map_err(|error| format!("rlp: cannot decode transaction: {error}"))?;
    if matches!(tx, TxEnvelope::Eip4844(_)) {
        return Err("transaction type not supported: blob transactions have no use on this chain".into());
    }
    let sender = tx.recover_signer().map_err(|error| format!("invalid sender: {error}"))?;
    let signed = Signed { tx, sender };
    check(rules, &signed).map_err(|reason| text(&reason))?;
    let code = view.code_of(sender);
    if !code.is_empty() && !code.is_eip7702() {
        return Err(text(&InvalidTransaction::RejectCallerWithCode));
    }
    Ok(signed)
}

fn check(rules: &Rules, signed: &Signed) -> Result<(), InvalidTransaction> {
    let tx = tx_env(signed);
    if signed.tx.nonce() == u64::MAX {
        return Err(InvalidTransaction::NonceOverflowInTransaction);
    }
    validate_initial_tx_gas(&tx, SpecId::PRAGUE, false, false, u64::MAX, None)?;
    let context = Context::mainnet().with_block(checking_env(rules)).with_cfg(cfg(rules)).with_tx(tx);
    match validate_env::<_, EVMError<std::convert::Infallible>>(context) {
        Err(EVMError::Transaction(reason)) => Err(reason),
        Err(other) => Err(InvalidTransaction::Str(other.to_string().into())),
        Ok(()) => Ok(()),
    }
}

/// `reason` in the words that client libraries know from public nodes.
pub(crate) fn text(reason: &InvalidTransaction) -> String {
    use InvalidTransaction as Why;
    match reason {
        Why::CallGasCostMoreThanGasLimit { initial_gas: want, gas_limit: have }
        | Why::GasFloorMoreThanGasLimit { gas_floor: want, gas_limit: have } => {
            format!("intrinsic gas too low: have {have}, want {want}")
        }
        Why::CallerGasLimitMoreThanBlock => "exceeds block gas limit".into(),
        Why::InvalidChainId | Why::MissingChainId => "invalid chain id for signer".into(),
        Why::LackOfFundForMaxFee { fee, balance } => {
            format!("insufficient funds for gas * price + value: balance {balance}, tx cost {fee}")
        }
        Why::NonceTooLow { tx, state } => format!("nonce too low: next nonce {state}, tx nonce {tx}"),
        Why::NonceTooHigh { tx, state } => format!("nonce too high: next nonce {state}, tx nonce {tx}"),
        Why::GasPriceLessThanBasefee => "max fee per gas less than block base fee".into(),
        Why::PriorityFeeGreaterThanMaxFee => "max priority fee per gas higher than max fee per gas".into(),
        Why::CreateInitCodeSizeLimit => "max initcode size exceeded: at most 49152 bytes".into(),
        Why::RejectCallerWithCode => "sender not an eoa".into(),
        other => other.to_string(),
    }
}
