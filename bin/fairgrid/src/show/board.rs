//! The board: one line a task that shows how its result is being proven. Drawn on a terminal, printed elsewhere.

use std::collections::BTreeMap;

use indicatif::{ProgressBar, ProgressStyle};
use protocol::TaskId;
use sdk::watch::{Step, Update, Watched};

use super::{Printer, short};

/// Most tasks that get a line of their own; bags above show one line for all.
const LINES: usize = 24;

const TICK: std::time::Duration = std::time::Duration::from_millis(120);

/// The live view of some tasks.
pub(crate) struct Board<'a> {
    printer: &'a Printer,
    lines: BTreeMap<TaskId, ProgressBar>,
    all: Option<ProgressBar>,
}

impl<'a> Board<'a> {
    /// A board of `tasks`.
    pub(crate) fn new(printer: &'a Printer, tasks: &[Watched]) -> Self {
        let mut board = Self { printer, lines: BTreeMap::new(), all: None };
        if !printer.draws() {
            return board;
        }
        let style = ProgressStyle::with_template("  {prefix:>8} {spinner} {wide_msg}");
        let style = style.expect("a constant template").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏✔");
        if tasks.len() <= LINES {
            for task in tasks {
                let bar = printer.progress().add(ProgressBar::new_spinner().with_style(style.clone()));
                bar.set_prefix(format!("task {}", task.index));
                bar.set_message("waiting");
                board.lines.insert(task.id, bar);
            }
        }
        let total = u64::try_from(tasks.len()).unwrap_or(u64::MAX);
        let style = ProgressStyle::with_template("  {prefix:>8} [{bar:32}] {pos}/{len} finalised, {elapsed}");
        let all = ProgressBar::new(total).with_style(style.expect("a constant template").progress_chars("█▉░"));
        all.set_prefix("all");
        board.all = Some(printer.progress().add(all));
        // Only once every line has its place: a line drawn before the others would stay behind.
        for bar in board.lines.values() {
            bar.enable_steady_tick(TICK);
        }
        board
    }

    /// Shows what happened.
    pub(crate) fn show(&mut self, update: &Update) {
        self.printer.event("task", update);
        let text = describe(&update.step);
        match self.lines.get(&update.task) {
            Some(bar) => {
                bar.set_message(text);
                if is_last(&update.step) {
                    bar.finish();
                }
            }
            None if self.all.is_none() && !self.printer.json => {
                let at = update.at.as_secs_f64();
                self.printer.note("task", (), format!("[{at:6.2} s] task {:<3} {text}", update.index));
            }
            None => {}
        }
        if let Some(all) = self.all.as_ref().filter(|_| is_last(&update.step)) {
            all.inc(1);
        }
    }

    /// Leaves the last state on the screen.
    pub(crate) fn finish(self) {
        for bar in self.lines.values() {
            bar.abandon();
        }
        if let Some(all) = self.all {
            all.abandon();
        }
    }
}

fn is_last(step: &Step) -> bool {
    matches!(step, Step::Completed | Step::Refunded)
}

fn describe(step: &Step) -> String {
    match step {
        Step::Initialized => "open for contributions".to_owned(),
        Step::Assigned { workers } => format!("assigned to {workers} worker{}", plural(*workers)),
        Step::WorkerFailed { worker, message } => format!("worker {} gave up: {message}", short(*worker)),
        Step::Contributed { worker, hash, weight, contributions, agreeing, needed } => {
            let result = &hash.0.to_string()[2..8];
            let dots = "●".repeat((*contributions).min(16));
            format!(
                "{dots} {contributions} contribution{}: {} says {result} (weight {weight}); leading weight {agreeing}, \
                 must pass {needed}",
                plural(*contributions),
                short(*worker),
            )
        }
        Step::Consensus { winners, dissenting: 0 } => format!("consensus of {winners}"),
        Step::Consensus { winners, dissenting } => format!("consensus of {winners}, against {dissenting} dissenting"),
        Step::Revealed { revealed, winners } => format!("revealed {revealed} of {winners}"),
        Step::Completed => "finalised: proven and paid".to_owned(),
        Step::Refunded => "refunded: the deadline passed without a proven result".to_owned(),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
