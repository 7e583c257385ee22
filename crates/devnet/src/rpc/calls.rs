//! Execution that leaves no trace: `eth_call` and `eth_estimateGas`, with overrides.

use alloy::primitives::{Address, Bytes, TxKind, U256};
use alloy::rpc::types::state::{AccountOverride, StateOverride};
use alloy::rpc::types::{BlockOverrides, TransactionRequest};
use revm::bytecode::Bytecode;
use revm::context::either::Either;
use revm::context::result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction};
use revm::context::{BlockEnv, TxEnv};
use revm::{Context, ExecuteEvm as _, MainBuilder as _, MainContext as _};

use super::error::RpcError;
use crate::admit;
use crate::execute::{Rules, cfg};
use crate::layer::Layer;

/// Gas of a transaction that does nothing.
const TRANSFER_GAS: u64 = 21_000;
/// Gas that a call with value lends to its callee; an estimate must have it at hand.
const CALL_STIPEND: u64 = 2300;

/// A state and an environment in which calls can be tried.
pub(crate) struct Trial<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) env: BlockEnv,
    pub(crate) layer: Layer,
}

impl Trial<'_> {
    /// Changes the environment as asked.
    pub(crate) fn override_block(&mut self, wanted: BlockOverrides) {
        let env = &mut self.env;
        env.number = wanted.number.unwrap_or(env.number);
        env.timestamp = wanted.time.map_or(env.timestamp, U256::from);
        env.beneficiary = wanted.coinbase.unwrap_or(env.beneficiary);
        env.prevrandao = wanted.random.or(env.prevrandao);
        env.basefee = wanted.base_fee.map_or(env.basefee, |fee| fee.saturating_to());
    }

    /// Changes the state as asked.
    ///
    /// # Errors
    /// An override that this node does not offer, or that makes no sense.
    pub(crate) fn override_state(&mut self, wanted: StateOverride) -> Result<(), RpcError> {
        wanted.into_iter().try_for_each(|(address, account)| self.override_account(address, account))
    }

    fn override_account(&mut self, address: Address, wanted: AccountOverride) -> Result<(), RpcError> {
        if wanted.move_precompile_to.is_some() {
            return Err(RpcError::params("movePrecompileToAddress is not available"));
        }
        let mut account = self.layer.account(address).unwrap_or_default();
        account.balance = wanted.balance.unwrap_or(account.balance);
        account.nonce = wanted.nonce.unwrap_or(account.nonce);
        if let Some(code) = wanted.code {
            let code = Bytecode::new_raw_checked(code).map_err(|error| RpcError::params(error.to_string()))?;
            account.code_hash = self.layer.add_code(code);
        }
        self.layer.set_account(address, account);
        if wanted.state.is_some() && wanted.state_diff.is_some() {
            return Err(RpcError::params(format!("account {address} has both state and stateDiff")));
        }
        if wanted.state.is_some() {
            self.layer.wipe(address);
        }
        for (slot, value) in wanted.state.or(wanted.state_diff).unwrap_or_default() {
            self.layer.set_slot(address, slot.into(), value.into());
        }
        Ok(())
    }

    /// What `request` returns.
    ///
    /// # Errors
    /// A revert, an exception, or a request that cannot be executed.
    pub(crate) fn call(&self, request: TransactionRequest) -> Result<Bytes, RpcError> {
        let tx = self.prepare(request)?;
        match self.try_with(&tx)?.map_err(|reason| refusal(&reason))? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(RpcError::reverted(&output)),
            ExecutionResult::Halt { reason, .. } => Err(RpcError::halted(&reason)),
        }
    }

    /// A gas limit with which `request` succeeds, at most 1.5 % above the least such limit.
    ///
    /// # Errors
    /// It fails with any gas limit, or the sender cannot pay.
    pub(crate) fn estimate(&self, request: TransactionRequest) -> Result<u64, RpcError> {
        let mut tx = self.prepare(request)?;
        let most = tx.gas_limit;
        let used = match self.try_with(&tx)? {
            Ok(result @ ExecutionResult::Success { .. }) => *result.gas(),
            Ok(ExecutionResult::Revert { output, .. }) => return Err(RpcError::reverted(&output)),
            Ok(ExecutionResult::Halt { reason: HaltReason::OutOfGas(_), .. }) => return Err(above(most)),
            Ok(ExecutionResult::Halt { reason, .. }) => return Err(RpcError::halted(&reason)),
            Err(reason) if too_little_gas(&reason) => return Err(above(most)),
            Err(reason) => return Err(refusal(&reason)),
        };
        if self.is_plain_transfer(&tx) && self.succeeds(&mut tx, TRANSFER_GAS)? {
            return Ok(TRANSFER_GAS);
        }
        let (mut low, mut high) = (used.tx_gas_used().saturating_sub(1), most);
        // The first guess is usually right: what was spent before refunds, and 1/64 held back at one level of calls.
        let guess = (used.total_gas_spent().max(used.tx_gas_used()) + CALL_STIPEND) * 64 / 63;
        if guess < high {
            if self.succeeds(&mut tx, guess)? { high = guess } else { low = guess }
        }
        // Exact below ~1.5 %: the last few rounds would only save dust.
        while low + 1 < high && (high - low) * 200 > high * 3 {
            let middle = low.midpoint(high).min(low.saturating_mul(2).max(TRANSFER_GAS));
            if self.succeeds(&mut tx, middle)? { high = middle } else { low = middle }
        }
        Ok(high)
    }

    fn succeeds(&self, tx: &mut TxEnv, gas: u64) -> Result<bool, RpcError> {
        tx.gas_limit = gas;
        match self.try_with(tx)? {
            Ok(result) => Ok(result.is_success()),
            Err(reason) if too_little_gas(&reason) => Ok(false),
            Err(reason) => Err(refusal(&reason)),
        }
    }

    fn is_plain_transfer(&self, tx: &TxEnv) -> bool {
        let TxKind::Call(to) = tx.kind else { return false };
        tx.data.is_empty() && tx.access_list.is_empty() && self.layer.code_of(to).is_empty()
    }

    fn try_with(&self, tx: &TxEnv) -> Result<Result<ExecutionResult, InvalidTransaction>, RpcError> {
        let mut cfg = cfg(self.rules);
        cfg.disable_nonce_check = true;
        // A call may come from a contract, and pays nothing unless it names a price.
        cfg.disable_eip3607 = true;
        cfg.disable_base_fee = tx.gas_price == 0;
        let env = self.env.clone();
        let mut evm = Context::mainnet().with_db(self.layer.clone()).with_block(env).with_cfg(cfg).build_mainnet();
        match evm.transact(tx.clone()) {
            Ok(done) => Ok(Ok(done.result)),
            Err(EVMError::Transaction(reason)) => Ok(Err(reason)),
            Err(other) => Err(RpcError::refused(other.to_string())),
        }
    }

    fn prepare(&self, request: TransactionRequest) -> Result<TxEnv, RpcError> {
        check_request(self.rules, &request)?;
        let caller = request.from.unwrap_or_default();
        let account = self.layer.account(caller).unwrap_or_default();
        let data = request.input.try_into_unique_input().map_err(|error| RpcError::params(error.to_string()))?;
        let gas_price = request.gas_price.or(request.max_fee_per_gas).unwrap_or_default();
        let value = request.value.unwrap_or_default();
        let tx_type = match () {
            () if request.authorization_list.is_some() => 4,
            () if request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some() => 2,
            () => u8::from(request.access_list.is_some()),
        };
        let wanted = request.gas.unwrap_or(self.rules.gas_limit).min(self.rules.gas_limit);
        Ok(TxEnv {
            tx_type,
            caller,
            gas_limit: wanted.min(affordable(account.balance, value, gas_price)?),
            gas_price,
            kind: request.to.unwrap_or(TxKind::Create),
            value,
            data: data.unwrap_or_default(),
            nonce: request.nonce.unwrap_or(account.nonce),
            chain_id: Some(self.rules.chain_id),
            access_list: request.access_list.unwrap_or_default(),
            gas_priority_fee: (tx_type >= 2).then(|| request.max_priority_fee_per_gas.unwrap_or_default()),
            authorization_list: request.authorization_list.unwrap_or_default().into_iter().map(Either::Left).collect(),
            ..TxEnv::default()
        })
    }
}

fn check_request(rules: &Rules, request: &TransactionRequest) -> Result<(), RpcError> {
    if let Some(have) = request.chain_id.filter(|have| *have != rules.chain_id) {
        let want = rules.chain_id;
        return Err(RpcError::params(format!("chainId does not match this chain's: have {have}, want {want}")));
    }
    if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
        return Err(RpcError::params("transaction type not supported: blobs have no use on this chain"));
    }
    let dynamic = request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some();
    if request.gas_price.is_some() && dynamic {
        return Err(RpcError::params("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"));
    }
    Ok(())
}

/// The most gas that `balance` pays for at `price` beside `value`.
fn affordable(balance: U256, value: U256, price: u128) -> Result<u64, RpcError> {
    if price == 0 {
        return Ok(u64::MAX);
    }
    let left = balance.checked_sub(value).ok_or_else(|| RpcError::refused("insufficient funds for transfer"))?;
    Ok((left / U256::from(price)).saturating_to())
}

fn too_little_gas(reason: &InvalidTransaction) -> bool {
    use InvalidTransaction as Why;
    matches!(reason, Why::CallGasCostMoreThanGasLimit { .. } | Why::GasFloorMoreThanGasLimit { .. })
}

fn above(most: u64) -> RpcError {
    RpcError::refused(format!("gas required exceeds allowance ({most})"))
}

fn refusal(reason: &InvalidTransaction) -> RpcError {
    match reason {
        InvalidTransaction::LackOfFundForMaxFee { fee, balance } => {
            RpcError::refused(format!("insufficient funds for transfer: balance {balance}, needed {fee}"))
        }
        other => RpcError::refused(admit::text(other)),
    }
}
