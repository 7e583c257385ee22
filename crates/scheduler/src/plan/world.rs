//! A simulated world for the planner: the protocol's own task, virtual time, workers that lie, vanish, fail, stay silent.

use alloy_primitives::B256;
use api::pool::{Capabilities, ReplicateStatus};
use proptest::prelude::*;
use protocol::consensus::weight;
use protocol::deal::{Deal, Resource};
use protocol::task::{Phase, Task};
use protocol::{Address, Amount, Bytes, ChainTime, ResultDigest, ResultHash, ResultSeal, TaskId, U256};

use super::*;
use crate::replicate::Replicate;

const OWNER: Address = Address::repeat_byte(0xee);
const UNIT: u64 = 100;
const STEP: u64 = 10;

#[derive(Clone, Copy, Debug)]
enum Manner {
    Honest,
    /// Contributes something of its own.
    Liar,
    /// Takes the task and is never heard of again.
    Vanishes,
    Fails,
    /// Contributes, and never reveals.
    Silent,
    /// Reveals, and cannot upload.
    KeepsResult,
}

#[derive(Clone, Debug)]
struct Player {
    manner: Manner,
    /// Steps until it contributes.
    pace: u64,
    score: u64,
}

struct World {
    task: Option<Task>,
    trust: u64,
    players: Vec<Player>,
    view: TaskView,
    now: Now,
    handed_out: Vec<Address>,
    uploads: Vec<Address>,
}

fn address(index: usize) -> Address {
    Address::with_last_byte(u8::try_from(index + 1).unwrap())
}

impl World {
    fn new(trust: u64, players: Vec<Player>) -> Self {
        let deal = Deal {
            workerpool: Resource { owner: OWNER, ..Resource::default() },
            trust: U256::from(trust),
            start: ChainTime(1_000),
            ..Deal::default()
        };
        let terms = Terms::read(&deal, UNIT, "WASM", OWNER, U256::from(1_000_000));
        let view = TaskView { id: TaskId::default(), terms, chain: None, copies: Vec::new(), delivery: None };
        let now = Now { chain: ChainTime(1_000), wall: 0 };
        Self { task: None, trust, players, view, now, handed_out: Vec::new(), uploads: Vec::new() }
    }

    fn workers(&self) -> Vec<WorkerView> {
        let view = |(index, player): (usize, &Player)| WorkerView {
            address: address(index),
            slots: 1,
            computing: 0,
            capabilities: Capabilities { wasm: true, containers: false, gpu: false },
            has_room: true,
            free_stake: Amount::nrlc(1),
            score: U256::from(player.score),
        };
        self.players.iter().enumerate().map(view).collect()
    }

    /// What `look` does: the copies follow the chain.
    fn look(&mut self) {
        let Some(task) = &self.task else { return };
        let score = |worker: Address| U256::from(self.players[usize::from(worker[19]) - 1].score);
        let votes: Vec<Vote> = task
            .contributions
            .iter()
            .map(|c| Vote { worker: c.worker, status: c.status, hash: c.hash, weight: weight(score(c.worker)) })
            .collect();
        for vote in &votes {
            let copy = self.view.copies.iter_mut().find(|copy| copy.worker == vote.worker).unwrap();
            copy.observe(vote.status);
            copy.told &= !matches!(task.phase, Phase::Active);
        }
        self.view.chain = Some(OnChain { phase: task.phase, votes });
    }

    /// Carries out what the planner says until it waits. The hub must accept every transaction.
    fn plan(&mut self) {
        let rules = Rules { same_failures: 3, upload_timeout: 20, salt: B256::repeat_byte(3) };
        let workers = self.workers();
        for _ in 0..64 {
            self.look();
            let now = self.now;
            match next_action(&self.view, &workers, &rules, now) {
                Action::Wait(_) | Action::Close => return,
                Action::Initialize => self.initialize(),
                Action::InitializeAndClaim => {
                    self.initialize();
                    self.task.as_mut().unwrap().claim(now.chain).unwrap();
                }
                Action::Claim => self.task.as_mut().unwrap().claim(now.chain).unwrap(),
                Action::Finalize(_) => self.task.as_mut().unwrap().finalize(now.chain).unwrap(),
                Action::Reopen { .. } => self.task.as_mut().unwrap().reopen(now.chain).unwrap(),
                Action::Assign(worker) => {
                    assert!(!self.handed_out.contains(&worker), "S1: {worker} twice");
                    self.handed_out.push(worker);
                    self.view.copies.push(Replicate::assigned(worker, now.chain));
                }
                Action::Look(winners) => self.each(&winners, |copy| copy.told = true),
                Action::Drop(losers) => self.each(&losers, Replicate::drop_undecided),
                Action::Upload(worker) => {
                    self.each(&[worker], |copy| (copy.asked, copy.upload_failed) = (Some(now.wall), false));
                    self.uploads.push(worker);
                }
            }
        }
        panic!("the planner never came to rest");
    }

    fn initialize(&mut self) {
        let terms = &self.view.terms;
        assert!(self.task.is_none());
        self.task = Some(Task::new(self.view.id, UNIT, terms.contribute_before, terms.final_before));
    }

    fn each(&mut self, workers: &[Address], change: impl Fn(&mut Replicate)) {
        self.view.copies.iter_mut().filter(|copy| workers.contains(&copy.worker)).for_each(change);
    }

    /// Workers do what is in their manner.
    fn play(&mut self) {
        for index in 0..self.players.len() {
            let (player, worker) = (self.players[index].clone(), address(index));
            let Some(copy) = self.view.copies.iter_mut().find(|copy| copy.worker == worker) else { continue };
            let age = copy.assigned.until(self.now.chain) / STEP;
            match player.manner {
                Manner::Vanishes if age > 6 => copy.lose(),
                Manner::Vanishes => {}
                Manner::Fails if age >= player.pace => {
                    let cause = format!("CAUSE_{}", index % 2);
                    copy.hear(&ReplicateStatus::Failed { cause, message: String::new() });
                }
                Manner::Fails => {}
                Manner::Honest | Manner::Liar | Manner::Silent | Manner::KeepsResult => {
                    if age >= player.pace && copy.state.is_pending() {
                        self.contribute(index);
                    }
                    self.reveal(index);
                }
            }
        }
        for worker in std::mem::take(&mut self.uploads) {
            let manner = self.players[usize::from(worker[19]) - 1].manner;
            if matches!(manner, Manner::KeepsResult) {
                self.each(&[worker], |copy| copy.upload_failed = true);
            } else {
                self.view.delivery = Some(Delivery { link: "{}".to_owned(), callback: Bytes::new() });
            }
        }
    }

    fn digest(&self, index: usize) -> ResultDigest {
        let byte =
            if matches!(self.players[index].manner, Manner::Liar) { 100 + u8::try_from(index).unwrap() } else { 1 };
        ResultDigest(B256::repeat_byte(byte))
    }

    fn contribute(&mut self, index: usize) {
        let (digest, worker, id) = (self.digest(index), address(index), self.view.id);
        let (hash, seal) = (ResultHash::derive(id, digest), ResultSeal::derive(worker, id, digest));
        let (score, trust) = (U256::from(self.players[index].score), U256::from(self.trust));
        // The hub refuses what comes too late; the worker learns it and goes on.
        let _won_or_late = self.task.as_mut().unwrap().contribute(worker, hash, seal, score, trust, self.now.chain);
    }

    fn reveal(&mut self, index: usize) {
        if matches!(self.players[index].manner, Manner::Silent) {
            return;
        }
        let digest = self.digest(index);
        let _revealed_or_no_winner = self.task.as_mut().unwrap().reveal(address(index), digest, self.now.chain);
    }

    fn run(&mut self) -> Phase {
        // One step past the final deadline is enough: claims are planned at once.
        while self.now.chain <= self.view.terms.final_before {
            self.plan();
            if self.task.is_some() {
                self.play();
            }
            self.now = Now { chain: ChainTime(self.now.chain.0 + STEP), wall: self.now.wall + STEP };
        }
        self.plan();
        self.task.as_ref().unwrap().phase
    }
}

fn player() -> impl Strategy<Value = Player> {
    let manner = prop_oneof![
        4 => Just(Manner::Honest),
        1 => Just(Manner::Liar),
        1 => Just(Manner::Vanishes),
        1 => Just(Manner::Fails),
        1 => Just(Manner::Silent),
        1 => Just(Manner::KeepsResult),
    ];
    (manner, 0_u64..25, 0_u64..200).prop_map(|(manner, pace, score)| Player { manner, pace, score })
}

proptest! {
    /// S1 and S3, and: no transaction of the planner is ever one that the hub refuses.
    #[test]
    fn every_task_ends_and_no_worker_gets_it_twice(
        trust in 1_u64..40,
        players in proptest::collection::vec(player(), 0..12),
    ) {
        let mut world = World::new(trust, players);
        prop_assert!(world.run().is_final());
    }
}

#[test]
fn enough_honest_workers_complete_a_task_whatever_a_few_others_do() {
    let honest = Player { manner: Manner::Honest, pace: 2, score: 0 };
    for manner in [Manner::Liar, Manner::Vanishes, Manner::Fails, Manner::Silent, Manner::KeepsResult] {
        let mut players = vec![honest.clone(); 8];
        players.push(Player { manner, ..honest.clone() });
        let phase = World::new(5, players).run();
        assert!(matches!(phase, Phase::Completed { .. }), "{manner:?}: {phase:?}");
    }
}

#[test]
fn a_task_that_nobody_can_compute_stops_costing_workers_and_is_refunded() {
    let players = vec![Player { manner: Manner::Fails, pace: 1, score: 0 }; 12];
    let mut world = World::new(3, players);
    assert_eq!(world.run(), Phase::Failed);
    assert!(world.handed_out.len() <= 8, "{} of 12 workers were tried", world.handed_out.len());
}
