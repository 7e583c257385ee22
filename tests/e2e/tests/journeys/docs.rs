//! The commands of README.md and docs/ are run as they are printed, page by page, in a folder like the reader's.
//!
//! Lines for other tools are run where those tools are; elsewhere a library does the same, so that the lines of the
//! program after them can be run everywhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use alloy::sol_types::SolValue as _;
use e2e::{Finished, Network, Options, PATIENCE, Process};
use protocol::{Address, Amount, DealId, TaskId, U256};

use crate::author::{Author, Offers};

/// How the README calls the program, before anything is installed.
const FROM_SOURCE: &str = "cargo run --release -- ";
/// Lines that are no commands of the program: each was thought of by somebody, and is tested elsewhere.
const OTHERS: [&str; 2] = ["cargo xtask test", "make -C dapps"];
/// What stays in the foreground until it is stopped, or is a journey of its own: here it only has to parse.
const STAYING: [&[&str]; 4] = [&["up"], &["demo"], &["pool", "run"], &["worker", "run"]];
/// Kinds of blocks: commands of the program, scripts for other tools, and two kinds that are only read.
const BLOCKS: [&str; 4] = ["console", "sh", "json", "solidity"];
/// Names a binary of Foundry's cast, which the scripts use; jq and curl have to be there too.
const CAST: &str = "FAIRGRID_TEST_CAST";
/// What the documentation lets one answer of its oracle cost, in nRLC.
const ANSWER_PRICE: u64 = 200_000_000;
/// What its oracle and its readers ask for.
const TRUST: u64 = 5;

/// A reader of one page, in a folder of their own.
struct Reader<'a> {
    network: &'a Network,
    page: &'a Path,
    folder: PathBuf,
    /// The last deal that a command of the page made.
    deal: Option<DealId>,
    /// What the scripts of the page have set.
    variables: BTreeMap<String, String>,
}

#[tokio::test]
async fn every_command_of_the_documentation_works_as_printed() {
    let root = root();
    let network = Network::start(Options::workers(5));
    for page in pages(&root) {
        let mut reader = Reader::sit_down(&network, &root, &page);
        let blocks = blocks(&page);
        assert!(blocks.iter().any(|(kind, _)| kind == BLOCKS[0]), "{} has no command", page.display());
        for (kind, body) in blocks {
            if kind == BLOCKS[0] {
                body.lines().filter(|line| !line.is_empty()).for_each(|line| reader.follow(line));
            } else if kind == BLOCKS[1] {
                reader.play(&body).await;
            }
        }
    }
}

#[test]
fn every_contract_of_the_documentation_is_an_example_that_is_compiled() {
    let root = root();
    let pages = pages(&root);
    let blocks = pages.iter().flat_map(|page| blocks(page)).filter(|(kind, _)| kind == "solidity");
    let mut seen = 0;
    for (_, body) in blocks {
        let name = body.lines().find_map(|line| line.strip_prefix("contract ")?.split_whitespace().next());
        let path = root.join("contracts/src/examples").join(name.expect("a contract")).with_extension("sol");
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(body, source, "{} is printed differently", path.display());
        seen += 1;
    }
    assert!(seen > 0, "contract authors see at least one contract");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository")
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("docs")).expect("the folder of the pages");
    let pages = entries.map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

/// The blocks of a page, with their kinds.
fn blocks(page: &Path) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(page).expect("a page");
    // Every second piece between fences is a block.
    let blocks = text.split("```").skip(1).step_by(2).map(|block| {
        let (kind, body) = block.split_once('\n').expect("a block begins on the line after its fence");
        assert!(BLOCKS.contains(&kind), "{}: a block of an unknown kind '{kind}'", page.display());
        (kind.to_owned(), body.to_owned())
    });
    blocks.collect()
}

/// The words of a line; quotes stand around whole words only.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('\'').enumerate();
    let words = pieces.flat_map(|(number, piece)| match number % 2 {
        0 => piece.split_whitespace().collect(),
        _ => vec![piece],
    });
    words.map(str::to_owned).collect()
}

impl<'a> Reader<'a> {
    fn sit_down(network: &'a Network, root: &Path, page: &'a Path) -> Self {
        let folder = network.fresh_folder();
        std::fs::create_dir(&folder).expect("a folder for the page");
        std::fs::write(folder.join("password"), "a password of the reader").expect("a password file");
        let links = [(".fairgrid", network.home().to_owned()), ("dapps", root.join("dapps"))];
        for (name, target) in links.into_iter().chain([("contracts", root.join("contracts"))]) {
            std::os::unix::fs::symlink(target, folder.join(name)).expect("a link");
        }
        Self { network, page, folder, deal: None, variables: BTreeMap::new() }
    }

    /// Follows lines for other tools.
    async fn play(&mut self, script: &str) {
        let task = self.deal.map(|deal| TaskId::derive(deal, U256::ZERO).to_string());
        let script = script.replace(" TASK\n", &format!(" {}\n", task.unwrap_or_default()));
        match std::env::var_os(CAST) {
            Some(cast) => self.play_with(Path::new(&cast), &script),
            None => self.stand_in(&script).await,
        }
    }

    /// Runs a script; what it sets, the next one finds set.
    fn play_with(&mut self, cast: &Path, script: &str) {
        let kept = "variables";
        let all = format!("set -aeo pipefail\n[ ! -f {kept} ] || . ./{kept}\n{script}\nexport -p > {kept}");
        let tools = cast.parent().expect("a file lies in a folder").display();
        let path = format!("{tools}:{}", std::env::var("PATH").unwrap_or_default());
        let ended = Command::new("bash").args(["-c", &all]).current_dir(&self.folder).env("PATH", path).output();
        let ended = ended.expect("bash can be started");
        assert!(ended.status.success(), "{}: {script}\n{ended:?}", self.page.display());
        // Whatever a contract is asked there, the median of the page's numbers is in its answer.
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(!script.contains("cast call") || said.contains("10050"), "{}: {script}\n{said}", self.page.display());
        let set = std::fs::read_to_string(self.folder.join(kept)).expect("what the script set");
        let set = set.lines().filter_map(|line| line.strip_prefix("declare -x ")?.split_once('='));
        self.variables = set.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect();
    }

    /// Does what the lines do, as far as later commands need it.
    async fn stand_in(&mut self, script: &str) {
        let author = Author::with_wallet(self.network, "requester");
        for name in script.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name) {
            let value = match name {
                "POOL" => self.offers(&author, Address::ZERO).await.workerpool.workerpool.to_string(),
                "PRICES" => {
                    let pool: Address = self.variables["POOL"].parse().expect("an address");
                    author.deploy("Prices", &(author.hub(), pool).abi_encode_params()).await.to_string()
                }
                "ORACLE" => {
                    let offers = self.offers(&author, Address::ZERO).await;
                    let (pool, price) = (offers.workerpool.workerpool, Amount::nrlc(ANSWER_PRICE).to_nrlc());
                    let terms = (author.hub(), offers.app.app, pool, U256::from(TRUST), price);
                    author.deploy("ComputeOracle", &terms.abi_encode_params()).await.to_string()
                }
                "DEAL" => {
                    let oracle = self.variables["ORACLE"].parse().expect("an address");
                    let asked = author.ask(oracle, self.offers(&author, oracle).await, "--decimals 2 100.5").await;
                    asked.deal.to_string()
                }
                _ => continue,
            };
            self.variables.insert(name.to_owned(), value);
        }
    }

    async fn offers(&self, author: &Author, requester: Address) -> Offers {
        let catalogue = self.network.ready()["network"]["catalogue"].as_array().expect("a list of apps");
        let app = catalogue.iter().find(|entry| entry["name"] == "median").expect("the app of the page");
        let app = app["app"].as_str().and_then(|text| text.parse().ok()).expect("an address");
        Offers::open(author, app, "0", requester).await
    }

    fn follow(&mut self, line: &str) {
        let Some(command) = line.strip_prefix(FROM_SOURCE).or_else(|| line.strip_prefix("fairgrid ")) else {
            assert!(OTHERS.contains(&line), "{}: nobody has thought of '{line}'", self.page.display());
            return;
        };
        let mut words: Vec<String> = words(command).into_iter().map(|word| self.fill_in(word)).collect();
        let stays = |names: &&[&str]| words.windows(names.len()).any(|window| window == *names);
        if STAYING.iter().any(stays) {
            words.push("--help".to_owned());
        } else if words.ends_with(&["new", "me"].map(str::to_owned)) {
            // A test has no terminal to be asked at.
            words.extend(["--password-file", "password"].map(str::to_owned));
        }
        let ended = self.run(&words);
        assert_eq!(ended.code, 0, "{}: '{line}'\n{}", self.page.display(), ended.describe());
        self.deal = deal(&ended).or(self.deal);
    }

    /// What the reader writes in place of a placeholder.
    fn fill_in(&self, word: String) -> String {
        let deal = || self.deal.unwrap_or_else(|| panic!("{}: '{word}' before any deal", self.page.display()));
        if let Some(value) = word.strip_prefix('$').and_then(|name| self.variables.get(name)) {
            return value.clone();
        }
        match word.as_str() {
            "DEAL" => deal().to_string(),
            "TASK" => TaskId::derive(deal(), U256::ZERO).to_string(),
            "POOL" => "http://127.0.0.1:13000/".to_owned(),
            "0x..." => format!("0x{}", "11".repeat(32)),
            _ => word,
        }
    }

    fn run(&self, words: &[String]) -> Finished {
        let log = self.folder.join("log");
        Process::start_in(&self.folder, &words.join(" "), words, &log).finish(PATIENCE)
    }
}

/// The deal that a command says it made.
fn deal(ended: &Finished) -> Option<DealId> {
    let id = ended.stderr.lines().find_map(|line| line.strip_prefix("deal "))?.split_whitespace().next()?;
    Some(id.parse().expect("an id"))
}
