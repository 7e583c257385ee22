//! From a plan to a confirmed receipt: signing, telling the node, fee bumps, stolen nonces, gaps.

use std::time::Duration;

use alloy::consensus::TxEip1559;
use alloy::primitives::{Bytes, TxKind, U256};

use super::Receipt;
use super::desk::{Desk, Flight, Stage, TRIES};
use super::plan::{Plan, Told, broke, dry_run, plan, read_refusal, usual_fee};
use super::store::Attempt;
use crate::node::RawReceipt;
use crate::{Call, Error, Revert};

/// A transaction without a receipt is told to the node again after this long: pools forget.
const TELL_AGAIN: Duration = Duration::from_secs(3);

impl Desk {
    /// Signs a planned intent with the next nonce, writes it down, tells the node.
    pub(super) async fn send(&mut self, id: i64, plan: Plan) {
        match self.next_nonce().await {
            Ok(nonce) => self.send_as(id, plan, nonce).await,
            Err(error) => self.trouble(id, error).await,
        }
    }

    async fn send_as(&mut self, id: i64, plan: Plan, nonce: u64) {
        let Some(entry) = self.entries.get(&id) else { return };
        let attempt = self.sign(&entry.call, plan, nonce);
        if let Err(error) = self.store.attempt(id, &attempt).await {
            return self.settle(id, Err(error)).await;
        }
        let made = self.clock.monotonic();
        let flight = Flight { attempts: vec![attempt], made, told: None, taken: false, lost: None };
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.stage = Stage::Sent(flight);
        }
        self.tell(id).await;
    }

    fn sign(&self, call: &Call, plan: Plan, nonce: u64) -> Attempt {
        let (hash, raw) = self.wallet.sign_transaction(TxEip1559 {
            chain_id: self.client.info().chain_id,
            nonce,
            gas_limit: plan.gas,
            max_fee_per_gas: plan.fee.max,
            max_priority_fee_per_gas: plan.fee.tip,
            to: TxKind::Call(call.to),
            value: call.value,
            access_list: Default::default(),
            input: call.data.clone(),
        });
        Attempt { hash, nonce, raw, gas: plan.gas, fee: plan.fee }
    }

    async fn next_nonce(&self) -> Result<u64, Error> {
        if let Some(highest) = self.highest_nonce() {
            return Ok(highest + 1);
        }
        Ok(self.client.node().nonce(self.wallet.address(), "pending").await?.max(self.floor))
    }

    /// Tells the node the newest attempt, and reads what it says.
    async fn tell(&mut self, id: i64) {
        let Some(entry) = self.entries.get(&id) else { return };
        let name = entry.call.name;
        let Stage::Sent(flight) = &entry.stage else { return };
        let told = self.client.node().send_raw(name, &flight.newest().raw).await;
        let now = self.clock.monotonic();
        let Some(flight) = self.flight(id) else { return };
        flight.told = Some(now);
        match told {
            Ok(_) => flight.taken = true,
            Err(Error::BadNode { code, message, .. }) => {
                self.refused_by_node(id, name, read_refusal(&message), code, message).await;
            }
            // Whether it arrived is unknown: the same bytes go out again, which cannot do it twice.
            Err(error) => tracing::debug!(call = name, %error, "no answer to a transaction"),
        }
    }

    async fn refused_by_node(&mut self, id: i64, call: &'static str, told: Told, code: i64, message: String) {
        let ceiling = self.settings.max_fee;
        let Some(flight) = self.flight(id) else { return };
        match told {
            Told::Known => flight.taken = true,
            // Receipts decide whose transaction has the nonce: see `missing`.
            Told::NonceUsed | Told::Occupied => {}
            Told::FeeTooLow => {
                tracing::debug!(call, "the fee is too low by now");
                self.bump(id, ceiling).await;
            }
            Told::Funds if !flight.taken => {
                let error = broke(self.client.node(), self.wallet.address(), call).await;
                self.settle(id, Err(error)).await;
            }
            Told::Other if !flight.taken => {
                let tries = self.entries.get_mut(&id).map_or(0, |entry| {
                    entry.tries += 1;
                    entry.tries
                });
                if tries >= TRIES {
                    self.settle(id, Err(Error::BadNode { call, code, message })).await;
                }
            }
            Told::Funds | Told::Other => {}
        }
    }

    /// One look at everything in flight; tells whether anything was settled.
    pub(super) async fn look(&mut self) -> bool {
        match self.look_once().await {
            Ok(moved) => moved,
            Err(error) => {
                tracing::debug!(%error, "the outbox could not look at the chain");
                false
            }
        }
    }

    async fn look_once(&mut self) -> Result<bool, Error> {
        if self.lowest_nonce().is_none() {
            return Ok(false);
        }
        let used = self.client.node().nonce(self.wallet.address(), "latest").await?;
        let mut flights: Vec<(u64, i64)> = self.flights().map(|(id, flight)| (flight.nonce(), id)).collect();
        flights.sort_unstable();
        let mut moved = false;
        for (nonce, id) in flights {
            if nonce < used {
                moved |= self.look_for_receipt(id, nonce).await?;
            } else {
                self.push(id).await;
            }
        }
        self.mind_the_gap(used).await?;
        Ok(moved)
    }

    async fn look_for_receipt(&mut self, id: i64, nonce: u64) -> Result<bool, Error> {
        let Some(flight) = self.flight(id) else { return Ok(false) };
        let hashes: Vec<_> = flight.attempts.iter().rev().map(|attempt| attempt.hash).collect();
        for hash in hashes {
            if let Some(raw) = self.client.node().receipt(hash).await? {
                return self.land(id, nonce, raw).await;
            }
        }
        self.missing(id, nonce).await
    }

    /// Settles an intent whose receipt is deep enough.
    async fn land(&mut self, id: i64, nonce: u64, raw: RawReceipt) -> Result<bool, Error> {
        if let Some(flight) = self.flight(id) {
            flight.lost = None;
        }
        let deep = self.client.inner.confirmations;
        if deep > 0 && self.client.head().await?.number < raw.block_number.to::<u64>().saturating_add(deep) {
            return Ok(false);
        }
        self.floor = self.floor.max(nonce + 1);
        if raw.status.is_zero() {
            let error = self.why(id, &raw).await;
            self.settle(id, Err(error)).await;
            return Ok(true);
        }
        let receipt = Receipt::read(&raw, self.client.info());
        self.store.finish(id, &raw, self.settings.remembered).await?;
        self.settle(id, Ok(receipt)).await;
        Ok(true)
    }

    /// Why a mined transaction failed: the call is tried again on the state after its block, where what beat it is done.
    async fn why(&self, id: i64, raw: &RawReceipt) -> Error {
        let Some(entry) = self.entries.get(&id) else {
            return Error::Stopped { call: "read a receipt" };
        };
        let call = entry.call.name;
        let gas = match &entry.stage {
            Stage::Sent(flight) => flight.newest().gas,
            Stage::Waiting { .. } | Stage::Planning => raw.gas_used.to(),
        };
        let block = format!("{:#x}", raw.block_number);
        match dry_run(self.client.node(), self.wallet.address(), &entry.call, gas, &block).await {
            Err(Error::Refused { reason, .. }) => Error::Refused { call, reason },
            _ if raw.gas_used.to::<u64>() >= gas => {
                Error::Refused { call, reason: Revert::Halt(format!("out of gas: {gas} were not enough")) }
            }
            _ => Error::Refused { call, reason: Revert::Bare },
        }
    }

    /// The nonce is used up, but by none of ours: another program has this key. Plans anew once that is certain.
    async fn missing(&mut self, id: i64, nonce: u64) -> Result<bool, Error> {
        let now = self.clock.monotonic();
        let patience = self.client.poll() * 10;
        let Some(flight) = self.flight(id) else { return Ok(false) };
        let since = *flight.lost.get_or_insert(now);
        let hashes: Vec<_> = flight.attempts.iter().map(|attempt| attempt.hash).collect();
        if now.saturating_sub(since) < patience || !self.is_used_for_good(nonce).await? {
            return Ok(false);
        }
        // A replica may know a transaction long before it serves the receipt.
        for hash in hashes {
            if self.client.node().knows(hash).await? {
                return Ok(false);
            }
        }
        tracing::warn!(nonce, "another program sends with this key; give each its own");
        self.store.release(id).await?;
        self.wait(id, None, Duration::ZERO);
        Ok(true)
    }

    async fn is_used_for_good(&self, nonce: u64) -> Result<bool, Error> {
        let deep = self.client.inner.confirmations;
        let head = self.client.head().await?.number;
        let Some(block) = head.checked_sub(deep) else { return Ok(false) };
        Ok(self.client.node().nonce(self.wallet.address(), &format!("{block:#x}")).await? > nonce)
    }

    /// Keeps an unmined transaction alive: tells the node again, raises the fee.
    async fn push(&mut self, id: i64) {
        let (now, patience, ceiling) = (self.clock.monotonic(), self.settings.bump_after, self.settings.max_fee);
        let Some(flight) = self.flight(id) else { return };
        flight.lost = None;
        if flight.taken && now.saturating_sub(flight.made) >= patience {
            self.bump(id, ceiling).await;
        } else if flight.told.is_none_or(|told| now.saturating_sub(told) >= TELL_AGAIN) {
            self.tell(id).await;
        }
    }

    /// Signs again with a higher fee; the nonce stays, so only one of the attempts can ever be mined.
    async fn bump(&mut self, id: i64, ceiling: u128) {
        let now = self.clock.monotonic();
        let Ok((usual, _)) = usual_fee(self.client.node(), ceiling).await else { return };
        let Some(flight) = self.flight(id) else { return };
        flight.made = now;
        let (nonce, gas, old) = (flight.nonce(), flight.newest().gas, flight.newest().fee);
        let Some(fee) = old.bumped(usual, ceiling) else { return };
        let Some(entry) = self.entries.get(&id) else { return };
        let attempt = self.sign(&entry.call, Plan { gas, fee }, nonce);
        tracing::info!(call = entry.call.name, nonce, max_fee = fee.max, "raising the fee");
        if let Err(error) = self.store.attempt(id, &attempt).await {
            tracing::error!(%error, "a raised fee could not be written down, so it is not sent");
            return;
        }
        if let Some(flight) = self.flight(id) {
            flight.attempts.push(attempt);
            // Told by the next look; telling here would call back into this function.
            flight.told = None;
        }
    }

    /// A nonce below all of ours that nothing waits for blocks them: an empty transfer to ourselves fills it.
    async fn mind_the_gap(&mut self, used: u64) -> Result<(), Error> {
        let now = self.clock.monotonic();
        let Some(lowest) = self.lowest_nonce().filter(|lowest| *lowest > used) else {
            self.gap = None;
            return Ok(());
        };
        let next = self.client.node().nonce(self.wallet.address(), "pending").await?;
        if next >= lowest {
            self.gap = None;
            return Ok(());
        }
        let since = *self.gap.get_or_insert(now);
        if now.saturating_sub(since) < self.client.poll() * 5 {
            return Ok(());
        }
        self.gap = None;
        let to = self.wallet.address();
        let call = Call { name: "fill a nonce gap", to, data: Bytes::new(), gas: None, value: U256::ZERO };
        tracing::warn!(nonce = next, "a nonce is missing; filling it with an empty transfer to ourselves");
        let plan: Plan = plan(self.client.node(), to, &call, self.settings.max_fee).await?;
        let id = self.enter_own(format!("gap:{next}:{}", now.as_nanos()), call).await?;
        self.send_as(id, plan, next).await;
        Ok(())
    }
}
