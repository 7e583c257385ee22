//! An EVM in memory: calls from anybody, at any time, on Prague or Berlin rules. No blocks, no fees, no signatures of
//! transactions.

use alloy::primitives::{Address, B256, Bytes, Log, TxKind, U256};
use alloy::sol_types::SolCall;
use revm::context::result::{ExecutionResult, Output};
use revm::context::{BlockEnv, CfgEnv, TxEnv};
use revm::database::{AccountState, CacheDB, EmptyDB};
use revm::primitives::hardfork::SpecId;
use revm::state::{AccountInfo, Bytecode};
use revm::{Context, Database as _, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _};

use crate::{Artifact, Reverted};

const GAS_LIMIT: u64 = 30_000_000;

/// A successful call.
#[derive(Clone, Debug)]
pub struct Done {
    /// What it returned.
    pub output: Bytes,
    /// What it logged, in order.
    pub logs: Vec<Log>,
    /// Gas of the whole transaction, after refunds.
    pub gas: u64,
    created: Option<Address>,
}

/// State, time and chain id. Cloning it is a snapshot.
#[derive(Clone, Debug)]
pub struct Evm {
    db: CacheDB<EmptyDB>,
    /// `block.timestamp` of the next calls, in seconds.
    pub now: u64,
    chain_id: u64,
    rules: SpecId,
}

impl Evm {
    /// An empty chain.
    #[must_use]
    pub fn new(chain_id: u64) -> Self {
        Self { db: CacheDB::default(), now: 1_700_000_000, chain_id, rules: SpecId::PRAGUE }
    }

    /// An empty chain that knows no opcode younger than Berlin's.
    #[must_use]
    pub fn of_berlin(chain_id: u64) -> Self {
        Self { rules: SpecId::BERLIN, ..Self::new(chain_id) }
    }

    /// The chain's id.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn transact(&mut self, tx: TxEnv, keep: bool) -> Result<Done, Reverted> {
        let block = BlockEnv { timestamp: U256::from(self.now), number: U256::from(1), ..BlockEnv::default() };
        let mut cfg = CfgEnv::new();
        cfg.set_spec_and_mainnet_gas_params(self.rules);
        cfg.disable_nonce_check = true;
        let cfg = cfg.with_chain_id(self.chain_id);
        let mut evm = Context::mainnet().with_db(&mut self.db).with_block(block).with_cfg(cfg).build_mainnet();
        let result = if keep {
            evm.transact_commit(tx).expect("a memory database never fails and the transaction is well formed")
        } else {
            evm.transact(tx).expect("a memory database never fails and the transaction is well formed").result
        };
        let gas = result.tx_gas_used();
        match result {
            ExecutionResult::Success { logs, output, .. } => match output {
                Output::Call(output) => Ok(Done { output, logs, gas, created: None }),
                Output::Create(output, created) => Ok(Done { output, logs, gas, created }),
            },
            ExecutionResult::Revert { output, .. } => Err(Reverted::decode(output)),
            ExecutionResult::Halt { reason, .. } => Err(Reverted::Halt(format!("{reason:?}"))),
        }
    }

    fn tx(&self, from: Address, kind: TxKind, data: Bytes, gas_limit: u64) -> TxEnv {
        TxEnv { caller: from, kind, data, gas_limit, chain_id: Some(self.chain_id), ..TxEnv::default() }
    }

    /// Sends any bytes.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it; nothing has changed then.
    pub fn send(&mut self, from: Address, to: Address, data: Bytes) -> Result<Done, Reverted> {
        self.transact(self.tx(from, TxKind::Call(to), data, GAS_LIMIT), true)
    }

    /// Sends any bytes with coin, in wei.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it; nothing has changed then.
    ///
    /// # Panics
    /// When the sender has too little coin.
    pub fn pay(&mut self, from: Address, to: Address, data: Bytes, value: U256) -> Result<Done, Reverted> {
        self.transact(TxEnv { value, ..self.tx(from, TxKind::Call(to), data, GAS_LIMIT) }, true)
    }

    /// Sends a call.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it; nothing has changed then.
    pub fn call<C: SolCall>(&mut self, from: Address, to: Address, call: &C) -> Result<Done, Reverted> {
        self.send(from, to, call.abi_encode().into())
    }

    /// Sends any bytes with less gas than usual.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it; nothing has changed then.
    pub fn send_with_gas(&mut self, from: Address, to: Address, data: Bytes, gas: u64) -> Result<Done, Reverted> {
        self.transact(self.tx(from, TxKind::Call(to), data, gas), true)
    }

    /// Sends a call with less gas than usual.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it; nothing has changed then.
    pub fn call_with_gas<C: SolCall>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
        gas: u64,
    ) -> Result<Done, Reverted> {
        self.send_with_gas(from, to, call.abi_encode().into(), gas)
    }

    /// Reads, from nobody in particular.
    ///
    /// # Errors
    /// [`Reverted`] as the callee said it.
    ///
    /// # Panics
    /// When the answer is not of the declared type.
    pub fn view<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, Reverted> {
        let tx = self.tx(Address::ZERO, TxKind::Call(to), call.abi_encode().into(), GAS_LIMIT);
        let done = self.transact(tx, false)?;
        Ok(C::abi_decode_returns(&done.output).unwrap_or_else(|error| panic!("{}: {error}", C::SIGNATURE)))
    }

    /// Deploys creation code.
    ///
    /// # Panics
    /// When the constructor fails.
    pub fn deploy(&mut self, from: Address, artifact: &Artifact, arguments: &[u8]) -> Address {
        let created = self.create(from, artifact, arguments);
        created.unwrap_or_else(|error| panic!("deploying {}: {error:?}", artifact.name)).0
    }

    /// Deploys creation code whose constructor may refuse, and tells what it logged.
    ///
    /// # Errors
    /// [`Reverted`] as the constructor said it.
    ///
    /// # Panics
    /// Never: a creation that succeeds has an address.
    pub fn create(
        &mut self,
        from: Address,
        artifact: &Artifact,
        arguments: &[u8],
    ) -> Result<(Address, Vec<Log>), Reverted> {
        let code = [&artifact.bytecode, arguments].concat();
        let done = self.transact(self.tx(from, TxKind::Create, code.into(), GAS_LIMIT), true)?;
        Ok((done.created.expect("a creation has an address"), done.logs))
    }

    /// Puts runtime code at an address. Its coin stays.
    ///
    /// # Panics
    /// Never: a memory database always answers.
    pub fn place(&mut self, address: Address, code: Bytes) {
        let balance = self.coin(address);
        self.set_info(address, AccountInfo { balance, ..AccountInfo::default() }.with_code(Bytecode::new_raw(code)));
    }

    /// Coin of an account, in wei.
    ///
    /// # Panics
    /// Never: a memory database always answers.
    pub fn coin(&mut self, address: Address) -> U256 {
        self.db.basic(address).expect("a memory database never fails").unwrap_or_default().balance
    }

    /// Sets the coin of an account, in wei, as a block reward would: without a call.
    ///
    /// # Panics
    /// Never: a memory database always answers.
    pub fn set_coin(&mut self, address: Address, wei: U256) {
        let info = self.db.basic(address).expect("a memory database never fails").unwrap_or_default();
        self.set_info(address, AccountInfo { balance: wei, ..info });
    }

    /// An account that was looked up in vain is remembered as missing, whatever is written into it.
    fn set_info(&mut self, address: Address, info: AccountInfo) {
        self.db.insert_account_info(address, info);
        let account = self.db.load_account(address).expect("a memory database never fails");
        if account.account_state == AccountState::NotExisting {
            account.account_state = AccountState::None;
        }
    }

    /// The code at an address.
    pub fn code(&mut self, address: Address) -> Bytes {
        let account = self.db.load_account(address).expect("a memory database never fails");
        let hash = account.info.code_hash;
        self.db.cache.contracts.get(&hash).map(Bytecode::original_bytes).unwrap_or_default()
    }

    /// Reads one storage slot.
    ///
    /// # Panics
    /// Never: a memory database always answers.
    pub fn peek(&mut self, address: Address, slot: B256) -> B256 {
        let slot = U256::from_be_bytes(slot.0);
        self.db.storage(address, slot).expect("a memory database never fails").into()
    }

    /// Writes one storage slot.
    pub fn poke(&mut self, address: Address, slot: B256, value: B256) {
        let (slot, value) = (U256::from_be_bytes(slot.0), U256::from_be_bytes(value.0));
        self.db.insert_account_storage(address, slot, value).expect("a memory database never fails");
    }
}
