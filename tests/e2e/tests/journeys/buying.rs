//! A requester buys computing and gets proven files.

use e2e::{Network, Options, PATIENCE, Signal, Site, amount};
use protocol::task::Phase;
use protocol::{Amount, ResultHash};

use crate::shared::{POOL_PRICE, WORDCOUNT_PRICE, sha256, shared};

#[tokio::test]
async fn a_requester_gets_a_proven_result_and_pays_exactly_its_price() {
    let network = shared().await;
    let witness = network.witness().await;
    let requester = network.account("requester");
    let before = witness.owned(requester).await;

    let bought = network.buy(&["wordcount", "to be or not to be", "--trust", "5"]).ended_with(0);

    let files = bought.files();
    let text = std::fs::read_to_string(&files[0]).expect("the result is where the last line says");
    assert_eq!(text, "2 be\n2 to\n1 not\n1 or\n");
    let task = witness.task(bought.task()).await;
    let digest = task.digest.expect("a completed task has a digest");
    assert_eq!(digest.0, sha256(&files[0]), "the chain's digest is the file's");
    assert_eq!(task.phase, Phase::Completed { consensus: ResultHash::derive(task.id, digest) });
    assert_eq!(bought.event("result")["digest"], digest.to_string());

    let price = Amount::nrlc(POOL_PRICE + WORDCOUNT_PRICE);
    assert_eq!(amount(&bought.event("quote")["task_price"]), price);
    assert_eq!(before.checked_sub(witness.owned(requester).await), Some(price), "what the requester paid");
    assert_eq!(witness.account(requester).await.locked, Amount::ZERO);
    witness.assert_money_conserved().await;
}

#[tokio::test]
async fn a_bag_gives_each_task_its_own_index() {
    let network = shared().await;
    let bought = network.buy(&["echo", "x", "--tasks", "8", "--trust", "1"]).ended_with(0);
    let texts: Vec<String> =
        bought.files().iter().map(|path| std::fs::read_to_string(path).expect("a result a task")).collect();
    let expected: Vec<String> = (0..8).map(|index| format!("x\ntask {index}\n")).collect();
    assert_eq!(texts, expected);
}

#[tokio::test]
async fn input_files_come_from_this_machine_and_from_the_web() {
    let network = shared().await;
    let site = Site::serve("/words.txt", "web web web");
    let path = network.home().join("mine.txt");
    std::fs::write(&path, "mine web").expect("a file of the user");
    let url = site.url("/words.txt");
    let arguments = ["wordcount", "--input", path.to_str().expect("a plain name"), "--input", &url];
    let bought = network.buy(&arguments).ended_with(0);
    assert_eq!(std::fs::read_to_string(&bought.files()[0]).expect("the result"), "4 web\n1 mine\n");
}

#[tokio::test]
async fn an_input_that_does_not_exist_fails_the_task_and_is_named() {
    let network = shared().await;
    let site = Site::serve("/words.txt", "");
    let url = site.url("/missing.txt");
    let _failed = network.buy(&["wordcount", "--input", &url]).ended_with(4).saying(&[&url]);
    let _failed = network.buy(&["wordcount", "--input", "/no/such/file"]).ended_with(2).saying(&["/no/such/file"]);
}

#[tokio::test]
async fn interrupting_a_run_loses_nothing_and_says_how_to_come_back() {
    let network = Network::start(Options::without_pool());
    let pool = network.pool(0);
    // Nobody works yet, so the run cannot end before it is interrupted.
    let run = network.order(&["wordcount", "again again"]);
    let deal = run.event("deal", PATIENCE);
    run.signal(Signal::Interrupt);
    let interrupted = run.finish(PATIENCE).ended_with(130);
    let command = interrupted.event("interrupted")["resume"][0].as_str().expect("a command").to_owned();
    assert!(command.contains(deal["deal"].as_str().expect("an id")), "{command}");

    let worker = network.worker("worker-1", &pool.url);
    let words: Vec<&str> = command.split_whitespace().collect();
    let (program, arguments) = words.split_first().expect("a command has words");
    assert_eq!(*program, "fairgrid");
    let folder = network.fresh_folder();
    let output = ["--output", folder.to_str().expect("a plain name")];
    let resumed = network.run(&[arguments, &output[..]].concat()).ended_with(0);
    assert_eq!(std::fs::read_to_string(&resumed.files()[0]).expect("the result"), "2 again\n");

    for process in [worker.process, pool.process] {
        process.signal(Signal::Terminate);
        let _stopped = process.finish(PATIENCE).ended_with(0);
    }
}

#[tokio::test]
async fn people_get_the_path_of_the_result_and_nothing_else_on_standard_output() {
    let network = shared().await;
    let folder = network.fresh_folder();
    let folder = folder.to_str().expect("a plain name");
    let bought = network.run_in_words(&["run", "echo", "for people", "--trust", "5", "--output", folder]);
    assert_eq!((bought.code, &bought.text), (0, &vec![format!("{folder}/0/result.txt")]), "{}", bought.describe());
    for part in ["you sign: 1 task(s)", "3 contributions", "finalised: proven and paid"] {
        assert!(bought.stderr.contains(part), "'{part}' is not said\n{}", bought.describe());
    }
    let failed = network.run_in_words(&["run", "blender"]);
    assert_eq!((failed.code, failed.text.len()), (2, 0), "{}", failed.describe());
    assert!(failed.stderr.starts_with("error: 'blender'"), "{}", failed.describe());
}

#[tokio::test]
async fn a_detached_run_is_shown_and_fetched_later() {
    let network = shared().await;
    let deal = network.buy(&["echo", "later", "--detach"]).ended_with(0).deal();
    let folder = network.fresh_folder();
    let output = ["--output", folder.to_str().expect("a plain name")];
    let watched = network.run(&[&["deal", "watch", &deal.to_string()], &output[..]].concat()).ended_with(0);
    assert_eq!(std::fs::read_to_string(&watched.files()[0]).expect("the result"), "later\ntask 0\n");
    let task = watched.task().to_string();
    let shown = network.run(&["deal", "show", &deal.to_string()]).ended_with(0);
    assert_eq!(shown.event("deal")["tasks"][0]["task"], task);
    assert_eq!(shown.event("deal")["tasks"][0]["phase"], "completed");
    let shown = network.run(&["task", "show", &task]).ended_with(0);
    assert_eq!(shown.event("task")["digest"], watched.event("result")["digest"]);
    let again = network.run(&[&["task", "watch", &task], &output[..]].concat()).ended_with(0);
    assert_eq!(again.files(), watched.files());
}

#[tokio::test]
async fn results_of_another_run_are_never_touched() {
    let network = shared().await;
    let folder = network.fresh_folder();
    let output = ["--output", folder.to_str().expect("a plain name")];
    let first = network.run(&[&["run", "echo", "first"], &output[..]].concat()).ended_with(0);
    let second = network.run(&[&["run", "echo", "second"], &output[..]].concat()).ended_with(2).saying(&["--output"]);
    assert!(second.all("deal").is_empty(), "it is told before anything is paid\n{}", second.describe());
    assert_eq!(std::fs::read_to_string(&first.files()[0]).expect("the result"), "first\ntask 0\n");
}

#[test]
fn two_runs_in_one_working_folder_need_no_options() {
    let folder = tempfile::tempdir().expect("a folder");
    let network = Network::start(Options::workers(1));
    for text in ["first", "second"] {
        let run = network.spawn_in(folder.path(), &["run", "echo", text]);
        let files = run.finish(PATIENCE).ended_with(0).files();
        let result = std::fs::read_to_string(folder.path().join(&files[0])).expect("the result");
        assert_eq!(result, format!("{text}\ntask 0\n"));
    }
}
