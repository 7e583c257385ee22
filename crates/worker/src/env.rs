//! What the app finds in its environment. Names and order are wire (`offchain.md` 3.3).

use alloy_primitives::U256;
use protocol::deal::Deal;
use protocol::params::DealParams;
use protocol::{DealId, TaskId};

use crate::inputs;

const IN: &str = "/iexec_in";
const OUT: &str = "/iexec_out";

/// The environment of a standard task.
pub(crate) fn variables(
    task: TaskId,
    deal_id: DealId,
    index: U256,
    deal: &Deal,
    params: &DealParams,
) -> Vec<(String, String)> {
    let dataset = inputs::name_of(deal.dataset.pointer);
    let mut variables = vec![
        ("IEXEC_TASK_ID".to_owned(), task.to_string()),
        ("IEXEC_DEAL_ID".to_owned(), deal_id.to_string()),
        ("IEXEC_TASK_INDEX".to_owned(), index.to_string()),
        ("IEXEC_IN".to_owned(), IN.to_owned()),
        ("IEXEC_OUT".to_owned(), OUT.to_owned()),
        ("IEXEC_BOT_SIZE".to_owned(), deal.bot_size.to_string()),
        ("IEXEC_BOT_FIRST_INDEX".to_owned(), deal.bot_first.to_string()),
        ("IEXEC_BOT_TASK_INDEX".to_owned(), index.to_string()),
        ("IEXEC_DATASET_ADDRESS".to_owned(), dataset.clone()),
        ("IEXEC_DATASET_FILENAME".to_owned(), dataset),
        ("IEXEC_INPUT_FILES_NUMBER".to_owned(), params.input_files.len().to_string()),
    ];
    if !params.input_files.is_empty() {
        variables.push(("IEXEC_INPUT_FILES_FOLDER".to_owned(), IN.to_owned()));
    }
    for (at, url) in params.input_files.iter().enumerate() {
        variables.push((format!("IEXEC_INPUT_FILE_NAME_{}", at + 1), inputs::file_name(url)));
    }
    variables
}
