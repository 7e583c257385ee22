//! A task's result: what the app declares (`computed.json`), the digest that consensus is about, the archive it travels in.
//!
//! Everything here blocks: call it from a blocking thread. An app's output and an archive are hostile input: paths, sizes
//! and counts are checked before use. Nothing may follow a symbolic link.

mod computed;
mod digest;
mod limits;
mod link;
mod pack;
mod paths;
#[cfg(test)]
mod tests;
mod unpack;
mod walk;

pub use computed::{ComputedFile, Subject};
pub use digest::digest_of_output;
pub use limits::Limits;
pub use link::ResultLink;
pub use pack::pack;
pub use unpack::{digest_of_zip, unpack};
pub use walk::check_names;
