//! A bag under fire: one process after another is killed, at moments that a seed chooses.

use chain::EventKind;
use e2e::{Network, Options, PATIENCE, Process, Role, Witness, eventually};
use protocol::Address;

/// Names another seed than the usual one.
const VARIABLE: &str = "FAIRGRID_E2E_SEED";
const SEED: u64 = 17;
const TASKS: usize = 20;
const KILLS: usize = 7;
const WORKERS: usize = 4;

/// All processes of one network.
struct Fleet {
    network: Network,
    pool: Role,
    workers: Vec<Role>,
}

impl Fleet {
    fn start() -> Self {
        let network = Network::start(Options::without_pool());
        let pool = network.pool(0);
        let workers = (0..WORKERS).map(|number| network.worker(&name(number), &pool.url)).collect();
        Self { network, pool, workers }
    }

    /// Kills one process and starts it again.
    fn crash(&mut self, victim: usize) {
        match victim {
            0 => {
                self.network.kill();
                self.network.restart();
            }
            1 => {
                self.pool.process.kill();
                self.pool = self.network.pool(self.pool.url.port().expect("a port"));
            }
            _ => {
                let number = (victim - 2) % WORKERS;
                self.workers[number].process.kill();
                self.workers[number] = self.network.worker(&name(number), &self.pool.url);
            }
        }
    }
}

fn name(number: usize) -> String {
    format!("worker-{}", number + 1)
}

/// Numbers that look random and follow from the seed: the steps of `splitmix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Waits until the bag has made some steps on chain, or has ended.
async fn some_steps(witness: &Witness, run: &Process, steps: usize) {
    let steps_made = async || witness.events(EventKind::ALL).await.len();
    let before = steps_made().await;
    eventually("the next steps of the bag", async || {
        (run.has_ended() || steps_made().await >= before + steps).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whatever_is_killed_and_whenever_a_bag_ends_and_nobody_loses() {
    let seed = std::env::var(VARIABLE).ok().and_then(|text| text.parse().ok()).unwrap_or(SEED);
    let mut dice = Dice(seed);
    let mut fleet = Fleet::start();
    let run = fleet.network.order(&["echo", "x", "--tasks", &TASKS.to_string(), "--trust", "5"]);
    let mut killed = Vec::new();
    for _ in 0..KILLS {
        let witness = fleet.network.witness().await;
        some_steps(&witness, &run, 1 + dice.below(40) as usize).await;
        if run.has_ended() {
            break;
        }
        let victim = dice.below(2 + WORKERS as u64) as usize;
        killed.push(victim);
        fleet.crash(victim);
    }
    assert!(killed.len() > 2, "seed {seed}: the bag ended before it was under fire: {killed:?}");

    let bought = run.finish(PATIENCE).ended_with(0);
    assert_eq!(bought.files().len(), TASKS, "seed {seed}");
    let witness = fleet.network.witness().await;
    assert_eq!(witness.events(&[EventKind::TaskFinalize]).await.len(), TASKS, "seed {seed}: each is paid once");
    let losses = [EventKind::Seize, EventKind::FaultyContribution, EventKind::TaskClaimed];
    let requester = fleet.network.account("requester");
    let mut losses = witness.events(&losses).await;
    // What the requester pays is seized from its lock, task by task: that is the price, no loss.
    losses.retain(|event| !is_price(event, requester));
    assert_eq!(losses, [], "seed {seed}, killed {killed:?}");
    witness.assert_money_conserved().await;
}

fn is_price(event: &chain::Event, requester: Address) -> bool {
    matches!(event, chain::Event::Seize { owner, .. } if *owner == requester)
}
