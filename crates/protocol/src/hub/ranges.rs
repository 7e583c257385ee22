//! Consecutive tasks that one worker settles in one call. Twin of the hub's `contributeAndFinalizeRange`.

use alloy_primitives::{Address, Bytes, U256};

use super::tasks::fits_callback;
use super::{BagsRefused, Event, Hub, Outcome, Refused};
use crate::bags::{RangeAuthorization, solo_range};
use crate::deal::Deal;
use crate::task::{Phase, Task};
use crate::{ChainTime, DealId, ResultDigest, TaskId};

/// Most tasks of one `contributeAndFinalizeRange`.
pub const MAX_SOLO_RANGE: u32 = 200;
/// Most bytes that the results of one range take. Source: hub `BLOB_LIMIT`.
pub const MAX_SOLO_BYTES: u32 = 24_575;
/// Bytes before all entries, and of an entry without data.
const HEADER: usize = 40;
const ENTRY: usize = 36;
/// Most bytes that an entry shares with the first one.
const MOST_SHARED: usize = 255;

/// What the authorizer of a range signed, without what the call says anyhow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Index of the first task.
    pub first: U256,
    /// Tasks.
    pub count: U256,
    /// Over [`RangeAuthorization`]; not looked at when the caller is the authorizer.
    pub sign: Bytes,
}

/// Result of one task, by one worker alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoloResult {
    /// What is revealed.
    pub digest: ResultDigest,
    /// Where the result is, and the callback's data.
    pub outcome: Outcome,
}

/// What one worker settles in one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoloRange {
    /// The deal.
    pub deal: DealId,
    /// Index of the first task.
    pub first: U256,
    /// One result a task.
    pub entries: Vec<SoloResult>,
    /// Vouches for all results; zero for none.
    pub enclave: Address,
    /// Its signature over [`solo_range`].
    pub enclave_sign: Bytes,
    /// That the worker may.
    pub permit: Permit,
}

impl Hub {
    /// Settles consecutive tasks of a deal of trust 1; the caller is the worker of all.
    ///
    /// # Errors
    /// [`Refused`] where the contracts revert; nothing has changed then.
    pub fn contribute_and_finalize_range(
        &mut self,
        caller: Address,
        range: &SoloRange,
        now: ChainTime,
    ) -> Result<Vec<Event>, Refused> {
        let deal = self.deals.get(&range.deal).cloned().ok_or(BagsRefused::UnknownDeal(range.deal))?;
        self.admit_range(&deal, caller, range, now)?;
        let tasks = self.open_tasks(&deal, range)?;
        check_size(range)?;
        let (mut ledger, mut said) = (self.ledger.clone(), Vec::new());
        let mut completed = Vec::with_capacity(tasks.len());
        for ((mut task, fresh), entry) in tasks.into_iter().zip(&range.entries) {
            let workerpool = deal.workerpool.pointer;
            said.extend(fresh.then_some(Event::TaskInitialize { task: task.id, workerpool }));
            let results = &entry.outcome.results;
            self.complete_alone(&mut ledger, &mut said, &deal, &mut task, caller, entry.digest, results)?;
            completed.push(task);
        }
        self.ledger = ledger;
        self.tasks.extend(completed.into_iter().map(|task| (task.id, (range.deal, task))));
        Ok(said)
    }

    /// Refuses with the first thing that is wrong with the call as a whole.
    fn admit_range(&self, deal: &Deal, caller: Address, range: &SoloRange, now: ChainTime) -> Result<(), Refused> {
        let SoloRange { deal: id, first, enclave, .. } = *range;
        if deal.tag.is_light() {
            return Err(BagsRefused::LightDeal(id).into());
        }
        if !deal.allows_contribute_and_finalize() {
            return Err(BagsRefused::TrustAboveOne { deal: id, trust: deal.trust }.into());
        }
        let count = U256::from(range.entries.len());
        check_range(deal, first, count, MAX_SOLO_RANGE)?;
        let deadline = deal.contribute_before(self.unit(deal));
        if now >= deadline {
            return Err(BagsRefused::TooLate { deadline }.into());
        }
        if enclave == Address::ZERO && deal.tag.is_tee() {
            return Err(BagsRefused::EnclaveRequired(id).into());
        }
        self.check_permit(deal, caller, (id, first, count), enclave, &range.permit)?;
        let digests: Vec<_> = range.entries.iter().map(|entry| entry.digest).collect();
        let vouched = self.domain.digest(solo_range(caller, id, first, &digests));
        if enclave != Address::ZERO && !Self::signed_by(enclave, vouched, &range.enclave_sign)? {
            return Err(BagsRefused::BadEnclaveSignature { enclave }.into());
        }
        Ok(())
    }

    /// Refuses unless the authorizer lets the worker settle these tasks.
    pub(super) fn check_permit(
        &self,
        deal: &Deal,
        worker: Address,
        (id, first, count): (DealId, U256, U256),
        enclave: Address,
        permit: &Permit,
    ) -> Result<(), Refused> {
        let authorizer = self.authorizer(deal.workerpool.owner, enclave);
        if worker == authorizer {
            return Ok(());
        }
        let signed = RangeAuthorization { worker, deal: id, first: permit.first, count: permit.count, enclave };
        if !signed.covers(first, count) {
            let (permit_first, permit_count) = (permit.first, permit.count);
            return Err(BagsRefused::OutsidePermit { first, count, permit_first, permit_count }.into());
        }
        if !Self::signed_by(authorizer, self.domain.digest(signed.struct_hash()), &permit.sign)? {
            return Err(BagsRefused::NotAuthorized { worker, authorizer }.into());
        }
        Ok(())
    }

    /// The range's tasks, and whether this call opens them.
    fn open_tasks(&self, deal: &Deal, range: &SoloRange) -> Result<Vec<(Task, bool)>, BagsRefused> {
        let unit = self.unit(deal);
        let mut tasks = Vec::with_capacity(range.entries.len());
        for (offset, entry) in range.entries.iter().enumerate() {
            let index = range.first + U256::from(offset);
            let id = TaskId::derive(range.deal, index);
            let known = self.task(id);
            if known.is_some_and(|task| task.phase != Phase::Active || !task.contributions.is_empty()) {
                return Err(BagsRefused::TaskNotOpen { deal: range.deal, index });
            }
            if !fits_callback(deal, &entry.outcome.callback, Some(entry.digest)) {
                return Err(BagsRefused::CallbackMismatch { task: id, digest: entry.digest });
            }
            let fresh = || Task::new(id, unit, deal.contribute_before(unit), deal.final_before(unit));
            tasks.push((known.cloned().unwrap_or_else(fresh), known.is_none()));
        }
        Ok(tasks)
    }
}

/// Refuses none and too many tasks, and those of no or another deal.
pub(super) fn check_range(deal: &Deal, first: U256, count: U256, most: u32) -> Result<(), BagsRefused> {
    if count.is_zero() || count > U256::from(most) {
        return Err(BagsRefused::BadCount { count, most });
    }
    let (bot_first, bot_size) = (deal.bot_first, deal.bot_size);
    let inside = first >= bot_first && count <= bot_size && first - bot_first <= bot_size - count;
    if inside { Ok(()) } else { Err(BagsRefused::OutsideDeal { first, count, bot_first, bot_size }) }
}

/// Refuses results that the hub has no room for.
fn check_size(range: &SoloRange) -> Result<(), BagsRefused> {
    let size = stored_size(&range.entries);
    let fits = size <= MAX_SOLO_BYTES as usize;
    if fits { Ok(()) } else { Err(BagsRefused::ResultsTooLong { size, most: MAX_SOLO_BYTES }) }
}

/// Bytes that the hub keeps of the entries: results that begin as the first entry's do keep only the rest, and a byte
/// that says how much is shared.
#[must_use]
pub fn stored_size(entries: &[SoloResult]) -> usize {
    let mut size = HEADER;
    let mut model: &[u8] = &[];
    for (at, SoloResult { outcome: Outcome { results, callback }, .. }) in entries.iter().enumerate() {
        let common = model.iter().zip(results.iter()).take_while(|(one, other)| one == other).count();
        // One byte alone is as long as its count.
        let shared = if common < 2 { 0 } else { common };
        size += ENTRY + usize::from(shared > 0) + results.len() - shared + callback.len();
        // What does not fit is no model: nothing of it is kept.
        if at == 0 && size <= MAX_SOLO_BYTES as usize {
            model = &results[..results.len().min(MOST_SHARED)];
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(results: &str) -> SoloResult {
        let outcome = Outcome { results: Bytes::from(results.as_bytes().to_vec()), callback: Bytes::new() };
        SoloResult { digest: ResultDigest::default(), outcome }
    }

    #[test]
    fn what_results_have_in_common_is_kept_once() {
        assert_eq!(stored_size(&[entry("abcdef")]), 40 + 36 + 6);
        assert_eq!(stored_size(&[entry("abcdef"), entry("abcxyz")]), 82 + 36 + 1 + 3);
        assert_eq!(stored_size(&[entry("abcdef"), entry("axyz")]), 82 + 36 + 4, "one byte is not worth a count");
        assert_eq!(
            stored_size(&[entry("ab"), entry("xyzabc"), entry("xyzabc")]),
            78 + 42 + 42,
            "only the first counts"
        );
        let long = "7".repeat(300);
        assert_eq!(stored_size(&[entry(&long), entry(&long)]), 40 + 336 + 36 + 1 + 45, "255 bytes at most are shared");
    }
}
