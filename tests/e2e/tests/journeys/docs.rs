//! The commands of README.md and docs/ are run as they are printed, page by page, in a folder like the reader's.

use std::path::{Path, PathBuf};

use e2e::{Finished, Network, Options, PATIENCE, Process};
use protocol::{DealId, TaskId, U256};

/// How the README calls the program, before anything is installed.
const FROM_SOURCE: &str = "cargo run --release -- ";
/// Lines that are no commands of the program: each was thought of by somebody, and is tested elsewhere.
const OTHERS: [&str; 2] = ["cargo xtask test", "make -C dapps"];
/// What stays in the foreground until it is stopped, or is a journey of its own: here it only has to parse.
const STAYING: [&[&str]; 4] = [&["up"], &["demo"], &["pool", "run"], &["worker", "run"]];
/// Kinds of blocks; only the first one holds commands.
const BLOCKS: [&str; 3] = ["console", "json", "solidity"];

/// A reader of one page, in a folder of their own.
struct Reader<'a> {
    page: &'a Path,
    folder: PathBuf,
    /// The last deal that a command of the page made.
    deal: Option<DealId>,
}

#[test]
fn every_command_of_the_documentation_works_as_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository");
    let network = Network::start(Options::workers(5));
    for page in pages(&root) {
        let mut reader = Reader::sit_down(&network, &root, &page);
        let commands = commands(&page);
        assert!(!commands.is_empty(), "{} has no command", page.display());
        for line in commands {
            reader.follow(&line);
        }
    }
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("docs")).expect("the folder of the pages");
    let pages = entries.map(|entry| entry.expect("an entry").path());
    let mut pages: Vec<PathBuf> = pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")).collect();
    pages.push(root.join("README.md"));
    pages.sort();
    pages
}

/// The lines of a page's console blocks.
fn commands(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("a page");
    // Every second piece between fences is a block.
    let blocks = text.split("```").skip(1).step_by(2);
    let mut commands = Vec::new();
    for block in blocks {
        let (kind, body) = block.split_once('\n').expect("a block begins on the line after its fence");
        assert!(BLOCKS.contains(&kind), "{}: a block of an unknown kind '{kind}'", page.display());
        if kind == BLOCKS[0] {
            commands.extend(body.lines().filter(|line| !line.is_empty()).map(str::to_owned));
        }
    }
    commands
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
    fn sit_down(network: &Network, root: &Path, page: &'a Path) -> Self {
        let folder = network.fresh_folder();
        std::fs::create_dir(&folder).expect("a folder for the page");
        std::fs::write(folder.join("password"), "a password of the reader").expect("a password file");
        for (name, target) in [(".fairgrid", network.home()), ("dapps", &root.join("dapps"))] {
            std::os::unix::fs::symlink(target, folder.join(name)).expect("a link");
        }
        Self { page, folder, deal: None }
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
