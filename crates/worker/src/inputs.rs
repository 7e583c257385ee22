//! Dataset and input files of a standard task: fetched into the input folder before the app runs.
//! Names are wire (`offchain.md` 1.2 and 4.3).

use std::path::Path;
use std::time::Duration;

use alloy_primitives::Address;
use chain::DatasetInfo;
use protocol::B256;
use sha2::{Digest as _, Sha256};

use crate::Cause;
use crate::fetch::{Failure, Fetcher, Location};
use crate::trouble::Trouble;

/// Most characters of an input's address that an error result shows.
const MAX_SHOWN_URL: usize = 200;
/// Largest dataset or input file. The same on every worker, so that all of them refuse the same files.
const MAX_INPUT_BYTES: u64 = 4 << 30;

/// Name of an input file in the input folder: `0x` and the SHA-256 of its URL.
pub(crate) fn file_name(url: &str) -> String {
    format!("0x{}", hex::encode(Sha256::digest(url.as_bytes())))
}

/// Fetches the input files.
pub(crate) async fn fetch_files(
    urls: &[String],
    fetcher: &Fetcher,
    folder: &Path,
    time: Duration,
) -> Result<(), Trouble> {
    for (index, url) in urls.iter().enumerate() {
        let n = index + 1;
        let location = Location::parse(url.as_bytes()).ok_or(Failure::BadAddress);
        let fetched = match location {
            Ok(location) => fetcher.fetch(&location, &folder.join(file_name(url)), MAX_INPUT_BYTES, time).await,
            Err(failure) => Err(failure),
        };
        // The address is the deal's own text, so every worker names it alike.
        let shown: String = url.chars().take(MAX_SHOWN_URL).collect();
        let which = format!("input file {n} ({shown})");
        fetched.map_err(|failure| failed(Cause::InputFilesDownloadFailed, &which, failure))?;
    }
    Ok(())
}

/// Fetches the dataset as it is, under its address, and checks it against the checksum on chain.
pub(crate) async fn fetch_dataset(
    address: Address,
    info: &DatasetInfo,
    fetcher: &Fetcher,
    folder: &Path,
    time: Duration,
) -> Result<(), Trouble> {
    const CAUSE: Cause = Cause::DatasetFileDownloadFailed;
    if info.multiaddr.iter().all(u8::is_ascii_whitespace) {
        tracing::warn!(%address, "the dataset has no address: running without it");
        return Ok(());
    }
    let location = Location::parse(&info.multiaddr).ok_or(Failure::BadAddress);
    let fetched = match location {
        Ok(location) => fetcher.fetch(&location, &folder.join(name_of(address)), MAX_INPUT_BYTES, time).await,
        Err(failure) => Err(failure),
    };
    let found = fetched.map_err(|failure| failed(CAUSE, "the dataset", failure))?;
    if info.checksum == B256::ZERO {
        tracing::warn!(%address, "the dataset has no checksum on chain: used unchecked");
    } else if found != info.checksum {
        let what = format!("the dataset's file has the checksum {found}, sold was {}", info.checksum);
        let next = "ask the dataset's owner to publish it again";
        return Err(Trouble::everyones(Cause::DatasetFileBadChecksum, what, next));
    }
    Ok(())
}

/// Name of the dataset in the input folder; the app finds it in its environment.
pub(crate) fn name_of(dataset: Address) -> String {
    // Lower case, as it comes from raw chain data: apps of the deployed stack compare it so.
    format!("{dataset:#x}")
}

fn failed(cause: Cause, which: &str, failure: Failure) -> Trouble {
    match failure {
        Failure::Missing => Trouble::everyones(cause, format!("{which} is not at its address"), "correct the address"),
        Failure::TooLarge { limit } => {
            Trouble::everyones(cause, format!("{which} has more than {limit} bytes"), "split it into smaller files")
        }
        Failure::BadAddress => {
            let what = format!("the address of {which} is neither a URL nor an /ipfs/ path");
            Trouble::everyones(cause, what, "correct the address")
        }
        Failure::Unavailable { reason, .. } => Trouble::mine(cause, format!("cannot fetch {which}: {reason}")),
        Failure::Disk(error) => Trouble::disk(cause, &format!("store {which}"), &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_name_of_an_input_file_is_reproduced() {
        let name = "0x5568bccc043aa3e0d882833895a351ca970d48105aa28418b82150dce89a6822";
        assert_eq!(file_name("https://example.com/in.txt"), name);
    }
}
