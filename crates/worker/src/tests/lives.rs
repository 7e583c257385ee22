//! Whole lives of replicates: to the end, across kills at every step, with lost messages and lies.

use std::io::Read as _;

use api::pool::{Command, Order, ReplicateStatus as R};
use protocol::{B256, ResultDigest};
use sandbox::{Act, Scripted};

use super::stage::Stage;
use crate::Cause;
use crate::replicate::{Commitment, Stage as At};

fn hello() -> Scripted {
    Scripted::new(|_| Ok(Act { stdout: "said\n".to_owned(), ..Act::result("hello") }))
}

fn digest_of_hello() -> ResultDigest {
    "0x2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_a_task_goes_from_the_command_to_a_clean_folder_and_reveals_by_itself() {
    let stage = Stage::new().await;
    let life = stage.live(hello()).await;
    stage.say(stage.work_command(1));
    stage.told(|status| *status == R::Contributed).await;
    let me = stage.wallet.address();
    let honest = Commitment::honest(me, stage.task, digest_of_hello());
    let seen = stage.chain.lock().unwrap().contributions[&(stage.task, me)];
    assert_eq!((seen.hash, seen.seal), (honest.hash, honest.seal));
    // The pool says nothing about the consensus: the worker sees it by itself.
    stage.chain.lock().unwrap().agree(stage.task, me);
    stage.told(|status| *status == R::Revealed).await;
    stage.say(Command { number: 2, order: Order::Upload { task: stage.task } });
    stage.told(|status| matches!(status, R::Uploaded { link } if link.contains("/ipfs/Qm"))).await;
    check_archive(&stage);
    assert!(stage.task_folder().exists(), "kept until the task ends");
    stage.chain.lock().unwrap().complete(stage.task);
    stage.until("clean folder", || (!stage.task_folder().exists()).then_some(())).await;
    stage.stored(&life, |replicate| replicate.stage == At::Done { completed: true }).await;
    stage.until("acknowledgement", || (stage.pool.lock().unwrap().acknowledged == 2).then_some(())).await;
    life.stop().await;
    let reports = stage.pool.lock().unwrap().reports.len();
    assert_eq!(reports, 5, "started, computed, contributed, revealed, uploaded");
    assert_eq!((stage.calls("contribute"), stage.calls("reveal")), (1, 1));
}

fn check_archive(stage: &Stage) {
    let archive = std::fs::File::open(stage.task_folder().join("output/iexec_out.zip")).unwrap();
    let mut bytes = Vec::new();
    std::io::BufReader::new(archive).read_to_end(&mut bytes).unwrap();
    assert_eq!(stage.pool.lock().unwrap().uploads, [bytes]);
    let limits = storage::archive::Limits::default();
    let into = stage.folder.path().join("unpacked");
    storage::archive::unpack(&stage.task_folder().join("output/iexec_out.zip"), &into, &limits).unwrap();
    assert_eq!(std::fs::read_to_string(into.join("stdout.txt")).unwrap(), "said\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w1_w2_killed_at_every_step_the_next_life_goes_on_and_never_contributes_twice() {
    let stage = Stage::new().await;
    stage.say(stage.work_command(1));
    // Killed while contributing: the contribution happened, the answer was lost with the process.
    stage.chain.lock().unwrap().lose_answer = true;
    let sandbox = hello();
    let life = stage.live(sandbox.clone()).await;
    stage.until("contribution", || (stage.calls("contribute") == 1).then_some(())).await;
    drop(life);
    // Killed after it was noted.
    let life = stage.live(sandbox.clone()).await;
    stage.stored(&life, |replicate| matches!(replicate.stage, At::Contributed { .. })).await;
    drop(life);
    stage.chain.lock().unwrap().agree(stage.task, stage.wallet.address());
    // Killed after the reveal.
    let life = stage.live(sandbox.clone()).await;
    stage.stored(&life, |replicate| matches!(replicate.stage, At::Revealed { .. })).await;
    drop(life);
    stage.say(Command { number: 2, order: Order::Upload { task: stage.task } });
    let life = stage.live(sandbox.clone()).await;
    stage.told(|status| matches!(status, R::Uploaded { .. })).await;
    drop(life);
    stage.chain.lock().unwrap().complete(stage.task);
    let life = stage.live(sandbox.clone()).await;
    stage.stored(&life, |replicate| replicate.stage == At::Done { completed: true }).await;
    life.stop().await;
    assert_eq!((stage.calls("contribute"), stage.calls("reveal")), (1, 1));
    assert_eq!(sandbox.played().len(), 1, "the result was kept, not computed again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_a_lost_store_computes_again_and_saves_the_stake() {
    let stage = Stage::new().await;
    stage.say(stage.work_command(1));
    let life = stage.live(hello()).await;
    stage.told(|status| *status == R::Contributed).await;
    life.stop().await;
    for file in ["worker.db", "worker.db-wal", "worker.db-shm"] {
        let _ = std::fs::remove_file(stage.folder.path().join(file));
    }
    stage.chain.lock().unwrap().agree(stage.task, stage.wallet.address());
    stage.pool.lock().unwrap().acknowledged = 0;
    let life = stage.live(hello()).await;
    stage.told(|status| *status == R::Revealed).await;
    life.stop().await;
    assert_eq!((stage.calls("contribute"), stage.calls("reveal")), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liar_contributes_something_else_and_cannot_reveal_it() {
    let stage = Stage::new().await;
    stage.say(stage.work_command(1));
    let life = stage.lying(hello()).await;
    stage.told(|status| *status == R::Contributed).await;
    let me = stage.wallet.address();
    let honest = Commitment::honest(me, stage.task, digest_of_hello());
    assert_ne!(stage.chain.lock().unwrap().contributions[&(stage.task, me)].hash, honest.hash);
    stage.chain.lock().unwrap().agree(stage.task, me);
    let cannot = Cause::CannotReveal.to_string();
    stage.told(|status| matches!(status, R::Failed { cause, .. } if *cause == cannot)).await;
    life.stop().await;
    assert_eq!(stage.calls("reveal"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_authorization_is_refused_before_any_work() {
    let stage = Stage::new().await;
    let Command { order: Order::Work { task, deal, index, .. }, .. } = stage.work_command(1) else { panic!() };
    let message = protocol::hash::authorization(stage.wallet.address(), task, Default::default());
    let authorization = stage.wallet.sign_personal(message);
    stage.say(Command { number: 1, order: Order::Work { task, deal, index, authorization } });
    let sandbox = hello();
    let life = stage.live(sandbox.clone()).await;
    let R::Failed { cause, .. } = stage.told(|status| matches!(status, R::Failed { .. })).await else { panic!() };
    assert_eq!(cause, "WORKERPOOL_AUTHORIZATION_NOT_FOUND");
    life.stop().await;
    assert!(sandbox.played().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_command_is_ignored_and_a_new_one_tries_a_failed_task_again() {
    let stage = Stage::new().await;
    let broken = Scripted::new(|_| Ok(Act::nothing(sandbox::Outcome::LimitHit(sandbox::Limit::Wall))));
    stage.say(stage.work_command(1));
    let life = stage.live(broken).await;
    stage.told(|status| matches!(status, R::Failed { .. })).await;
    life.stop().await;
    stage.pool.lock().unwrap().acknowledged = 0;
    let life = stage.live(hello()).await;
    stage.until("acknowledgement", || (stage.pool.lock().unwrap().acknowledged == 1).then_some(())).await;
    assert!(!life.store.replicate(stage.task).await.unwrap().unwrap().is_live());
    stage.say(stage.work_command(2));
    stage.told(|status| *status == R::Contributed).await;
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_id_that_does_not_belong_to_its_deal_is_sent_back() {
    let stage = Stage::new().await;
    let Command { mut order, .. } = stage.work_command(1);
    if let Order::Work { task, .. } = &mut order {
        *task = protocol::TaskId(B256::repeat_byte(9));
    }
    stage.say(Command { number: 1, order });
    let life = stage.live(hello()).await;
    let R::Failed { cause, .. } = stage.told(|status| matches!(status, R::Failed { .. })).await else { panic!() };
    assert_eq!(cause, "TASK_DESCRIPTION_INVALID");
    life.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_taken_back_before_the_contribution_is_forgotten_with_its_files() {
    let stage = Stage::new().await;
    stage.chain.lock().unwrap().tasks.clear();
    stage.say(stage.work_command(1));
    let life = stage.live(hello()).await;
    stage.stored(&life, |replicate| replicate.first_look.is_some()).await;
    stage.say(Command { number: 2, order: Order::Drop { task: stage.task, reason: "enough".to_owned() } });
    stage.stored(&life, |replicate| replicate.stage == At::Dropped).await;
    life.stop().await;
    assert_eq!(stage.calls("contribute"), 0);
}
